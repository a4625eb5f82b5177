<?php
// A receiver the way the provider's page shows it for PHP. Added to it: the counting and the probe.
header('Content-Type: application/json');

if (strtok($_SERVER['REQUEST_URI'], '?') === '/probe') {
    echo json_encode(['handled' => handled($_GET['taskId'] ?? '')]);
    exit;
}

$input = file_get_contents('php://input');
$data = json_decode($input, true);

$code = $data['code'] ?? null;
$msg = $data['msg'] ?? '';
$callbackData = $data['data'] ?? [];
$taskId = $callbackData['taskId'] ?? '';
$promptJson = $callbackData['promptJson'] ?? '';
$resultUrls = $callbackData['resultUrls'] ?? [];

error_log("Received Luma video modification callback:");
error_log("Task ID: $taskId");
error_log("Status: $code, Message: $msg");
file_put_contents(counterOf($taskId), '.', FILE_APPEND);

if ($code === 200) {
    error_log("Generated Video URLs: " . implode(', ', $resultUrls));
    $originalParams = json_decode($promptJson, true);
    if ($originalParams) {
        error_log("Original Prompt: " . ($originalParams['prompt'] ?? 'N/A'));
    }
    foreach ($resultUrls as $index => $url) {
        try {
            $filename = "luma_result_{$taskId}_" . ($index + 1) . ".mp4";
            downloadFile($url, $filename);
            error_log("Video " . ($index + 1) . " downloaded as $filename");
        } catch (Exception $e) {
            error_log("Video " . ($index + 1) . " download failed: " . $e->getMessage());
        }
    }
} else {
    error_log("Luma video modification failed: $msg");
    error_log("Original parameters: $promptJson");
}

http_response_code(200);
echo json_encode(['status' => 'received']);

function downloadFile($url, $filename)
{
    $downloadDir = 'downloads';
    if (!is_dir($downloadDir)) {
        mkdir($downloadDir, 0755, true);
    }
    $filepath = $downloadDir . '/' . $filename;
    $fileContent = file_get_contents($url);
    if ($fileContent === false) {
        throw new Exception("Failed to download file from URL");
    }
    $result = file_put_contents($filepath, $fileContent);
    if ($result === false) {
        throw new Exception("Failed to save file locally");
    }
}

function counterOf($taskId)
{
    return 'handled-' . md5(is_string($taskId) ? $taskId : json_encode($taskId));
}

function handled($taskId)
{
    $file = counterOf($taskId);
    return is_file($file) ? filesize($file) : 0;
}
