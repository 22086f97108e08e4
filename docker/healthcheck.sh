#!/bin/sh
# Usage: healthcheck READY_FILE
#
# Healthy while READY_FILE is less than a minute old. A process that hangs also stops writing READY_FILE.alive: it is
# killed, and the container's restart policy starts it again; an unhealthy container alone would stay as it is. A process
# that only waits, for Discord or another service, goes on writing, and one that still starts has not begun to.
ready=$1 alive=$1.alive

is_fresh() {
    test -n "$(find "$1" -mmin -1 2>/dev/null)"
}

is_fresh "$ready" && exit 0
if test -s "$alive" && ! is_fresh "$alive"; then
    sleep "${HEALTHCHECK_GRACE_SECONDS:-20}" # two heartbeats: after the machine has slept, every file is old
    is_fresh "$alive" || kill -KILL "$(cat "$alive")"
fi
exit 1
