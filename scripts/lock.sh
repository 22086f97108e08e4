#!/bin/sh
# Resolves every lock anew:  lock.sh PATH-TO-UV [--upgrade]
#   requirements.lock      everything, for a checkout: what the tests run against
#   docker/worker.lock     what an image that paints needs
#   docker/frontends.lock  what an image that only talks needs: no torch and nothing that wants it
#   docker/build.lock      what builds Chatelier's own wheel for them
# The images' locks are cut from the first, so all name the same versions. Each version comes with the hashes of its
# files, which `pip install --require-hashes` demands.
set -eu
uv="$1"
shift

compile() {
    "$uv" pip compile --quiet --generate-hashes "$@"
}
locks="requirements.lock docker/worker.lock docker/frontends.lock docker/build.lock"

compile --all-extras "$@" pyproject.toml -o requirements.lock
compile --extra traces -c requirements.lock --overrides docker/worker.overrides pyproject.toml -o docker/worker.lock
compile --extra traces -c requirements.lock --overrides docker/frontends.overrides pyproject.toml -o docker/frontends.lock
echo setuptools | compile -c requirements.lock - -o docker/build.lock
# What no platform installs need not be read either: a package goes with the hashes below it.
for lock in $locks; do
    awk '
        /^# (torch|robust-downloader|The following packages were excluded)/ { next }
        /^[a-z0-9]/ { unused = /sys_platform == .(never|win32)|== .emscripten/ }
        !unused
    ' "$lock" >"$lock.new"
    mv "$lock.new" "$lock"
done
grep -c '==' $locks
