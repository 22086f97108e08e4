#!/bin/sh
# Resolves every lock anew:  lock.sh PATH-TO-UV [--upgrade]
#   requirements.lock    everything, for a checkout: what the tests run against
#   docker/worker.lock   what an image that paints needs
#   docker/faces.lock    what an image that only talks needs: no torch and nothing that wants it
# The images' locks are cut from the first, so all three name the same versions.
set -eu
uv="$1"
shift

"$uv" pip compile --quiet --all-extras "$@" pyproject.toml -o requirements.lock
"$uv" pip compile --quiet -c requirements.lock --overrides docker/worker.overrides pyproject.toml -o docker/worker.lock
"$uv" pip compile --quiet -c requirements.lock --overrides docker/faces.overrides pyproject.toml -o docker/faces.lock
# What no platform installs need not be read either.
for lock in requirements.lock docker/worker.lock docker/faces.lock; do
    sed -i.bak -e "/sys_platform == 'never'/d" -e '/sys_platform == .win32/d' -e '/== .emscripten/d' \
        -e '/^# torch/d' -e '/^# robust-downloader/d' -e '/^# The following packages were excluded/d' "$lock"
    rm "$lock.bak"
done
grep -c '==' requirements.lock docker/worker.lock docker/faces.lock
