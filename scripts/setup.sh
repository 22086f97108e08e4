#!/bin/sh
# Makes an environment from nothing but Python: torch first, then every pinned package, then Chatelier itself (editable).
#   setup.sh TORCH-VERSION FOLDER
# Called by the Makefile, which knows when there is something to do.
set -eu

torch_version="$1"
venv="$2"
log="$venv/setup.log"

# Why not simply python3: every pinned package has a wheel up to 3.14 (scripts/check_wheels.py), newer ones may compile.
choose_python() {
    for bounds in "3.11 3.14" "3.11 3.99"; do
        for candidate in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11}; do
            # shellcheck disable=SC2086
            if "$candidate" - $bounds >/dev/null 2>&1 <<'EOF'
import sys
least, most = (tuple(map(int, bound.split("."))) for bound in sys.argv[1:])
sys.exit(not least <= sys.version_info[:2] <= most)
EOF
            then
                echo "$candidate"
                return
            fi
        done
    done
}

stop() {
    printf '%s\n' "" "$@" >&2
    exit 1
}

# step LABEL COMMAND...: one line for the person, everything else to the log.
step() {
    label="$1"
    shift
    printf '%s' "$label"
    [ -t 1 ] || printf ' …\n'
    "$@" >>"$log" 2>&1 &
    process=$!
    trap 'kill $process 2>/dev/null; exit 130' INT TERM
    seconds=0
    while kill -0 "$process" 2>/dev/null; do
        sleep 1
        seconds=$((seconds + 1))
        [ -t 1 ] && printf '\r%s … %d s' "$label" "$seconds"
    done
    if wait "$process"; then
        if [ -t 1 ]; then printf '\r%s: done in %d s\n' "$label" "$seconds"; fi
    else
        tail -n 20 "$log" >&2
        stop "That step failed; the whole log is in $log." "Put right what it names (often the network or a full disk) and run make again."
    fi
    trap - INT TERM
}

python="$(choose_python)"
[ -n "$python" ] || stop "Chatelier needs Python 3.11 or newer; ${PYTHON:-python3} is $("${PYTHON:-python3}" --version 2>/dev/null || echo not there)." \
    "Install one (Debian, Ubuntu: apt-get install python3 python3-venv) or name it: make PYTHON=/path/to/python3.11 try"
"$python" -c 'import ensurepip, venv' 2>/dev/null || stop "$python has no venv module, so no environment can be made." \
    "Install it (Debian, Ubuntu: apt-get install python3-venv) and run make again."

if [ ! -x "$venv/bin/python" ]; then
    echo "Setting up $venv with $("$python" --version). This happens once and takes a few minutes."
    "$python" -m venv "$venv"
fi
: >"$log"
# Three times, because a connection may be lost in the middle of a gigabyte; a file that has arrived whole is not fetched again.
pip() {
    tries=1
    until "$venv/bin/python" -m pip --disable-pip-version-check --no-input "$@"; do
        [ "$tries" -lt 3 ] || return 1
        sleep $((5 * tries))
        tries=$((tries + 1))
        echo "Once more ($tries of 3)"
    done
}
packages=$(grep -c '==' requirements.lock)
# Versions only: with hashes pip would ask for torch's too, which the lock leaves open.
sed -n 's/^\([a-z0-9][^\\#]*\).*/\1/p' requirements.lock >"$venv/versions.txt"

# By itself and first: a package that depends on torch would choose the build otherwise.
# PIP_TORCH may add options, such as an index with CPU or CUDA builds.
# shellcheck disable=SC2086
step "[1/3] torch $torch_version" pip install -c "$venv/versions.txt" "torch==$torch_version" ${PIP_TORCH:-}
# Without dependencies: the lock is complete, and spandrel's wish for torchvision is not met on purpose.
step "[2/3] $packages pinned packages" pip install --no-deps --require-hashes -r requirements.lock -r docker/build.lock
step "[3/3] chatelier" pip install --no-deps --no-build-isolation -e .
