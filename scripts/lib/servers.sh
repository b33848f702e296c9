# Sourced by scripts/test: the S3 servers that the tests talk to and nobody wrote for this project.

# Those that started, and a sentence about each that did not.
servers_that_run=()
servers_that_do_not=()

# Installs each server where it is missing, starts it once, and tells the tests by REPLAYCACHE_SERVERS which ones there are.
prepare_servers() {
    local server folder started
    echo "looking for S3 servers"
    folder=$(mktemp -d)
    for server in rclone moto swift; do
        if started=$(python3 Tests/Servers/testserver.py start "$folder/$server" --parent $$ "$server" 2>"$folder/errors"); then
            kill "$(jq -r .keeper <<<"$started")"
            servers_that_run+=("$server")
        else
            servers_that_do_not+=("$server, which did not start: $(tail -n 1 "$folder/errors")")
        fi
    done
    # What is left in it, each server removes itself.
    rm -f "$folder/errors"
    REPLAYCACHE_SERVERS=$(IFS=,; echo "${servers_that_run[*]}")
    export REPLAYCACHE_SERVERS
    local least=${REPLAYCACHE_LEAST_SERVERS:-0}
    if [ "${#servers_that_run[@]}" -lt "$least" ]; then
        printf 'error: not tested on %s\n' "${servers_that_do_not[@]}" >&2
        echo "error: $least S3 servers were to run" >&2
        return 1
    fi
}

report_servers() {
    [ "${#servers_that_run[@]}" -eq 0 ] || echo "tested on S3 servers: ${REPLAYCACHE_SERVERS//,/, }"
    [ "${#servers_that_do_not[@]}" -eq 0 ] || printf 'skipped: the tests on %s\n' "${servers_that_do_not[@]}"
}
