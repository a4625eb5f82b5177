# A receiver the way the provider's page shows it for Python. Added to it: the counting, the probe, and the port.
from flask import Flask, request, jsonify
import requests
import os
import json

app = Flask(__name__)
handled = {}


@app.route('/luma-modify-callback', methods=['POST'])
def handle_callback():
    data = request.json
    code = data.get('code')
    msg = data.get('msg')
    callback_data = data.get('data', {})
    task_id = callback_data.get('taskId')
    prompt_json = callback_data.get('promptJson')
    result_urls = callback_data.get('resultUrls', [])

    print('Received Luma video modification callback:')
    print(f'Task ID: {task_id}')
    print(f'Status: {code}, Message: {msg}')
    handled[task_id] = handled.get(task_id, 0) + 1

    if code == 200:
        print(f"Generated Video URLs: {', '.join(result_urls)}")
        try:
            original_params = json.loads(prompt_json)
            print(f"Original Prompt: {original_params.get('prompt', 'N/A')}")
        except json.JSONDecodeError:
            print('Could not parse original parameters')
        for index, url in enumerate(result_urls):
            try:
                filename = f'luma_result_{task_id}_{index + 1}.mp4'
                download_file(url, filename)
                print(f'Video {index + 1} downloaded as {filename}')
            except Exception as e:
                print(f'Video {index + 1} download failed: {e}')
    else:
        print(f'Luma video modification failed: {msg}')
        print(f'Original parameters: {prompt_json}')
    return jsonify({'status': 'received'}), 200


@app.route('/probe')
def probe():
    return jsonify({'handled': handled.get(request.args.get('taskId'), 0)})


def download_file(url, filename):
    response = requests.get(url, stream=True)
    response.raise_for_status()
    os.makedirs('downloads', exist_ok=True)
    filepath = os.path.join('downloads', filename)
    with open(filepath, 'wb') as f:
        for chunk in response.iter_content(chunk_size=8192):
            f.write(chunk)


if __name__ == '__main__':
    app.run(host='127.0.0.1', port=int(os.environ['PORT']))
