# Gives loopback the addresses of the public internet and of private networks, and names a name server of our own.
set -eu
directory=$1
node=$2
ip link set lo up
for address in 93.184.216.34 10.0.0.1 100.100.100.200 168.63.129.16 169.254.169.254 172.16.0.1 192.168.0.1 198.18.0.1 203.0.113.1; do
  ip address add "$address/32" dev lo
done
for address in 2606:4700:4700::1111 fd00:ec2::254 fec0::1 64:ff9b::7f00:1 2002:7f00:1:: 2001:db8::1; do
  ip address add "$address/128" dev lo nodad
done
echo 'nameserver 127.0.0.53' >"$directory/resolv.conf"
echo 'hosts: files dns' >"$directory/nsswitch.conf"
mount --bind "$directory/resolv.conf" /etc/resolv.conf
if [ -e /etc/nsswitch.conf ]; then mount --bind "$directory/nsswitch.conf" /etc/nsswitch.conf; fi
# A proxy that the environment names would look names up itself, and dial whatever they stand for.
export NODE_USE_ENV_PROXY=1 HTTP_PROXY=http://127.0.0.1:3128 http_proxy=http://127.0.0.1:3128
exec "$node" test/download/network/attack.ts "$directory/saved"
