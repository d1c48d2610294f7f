# Sourced by the scripts: how they speak to a person.

# A step, in bold on a terminal.
say() {
    if [ -t 1 ]; then printf '\033[1m==> %s\033[0m\n' "$*"; else printf '==> %s\n' "$*"; fi
}

# A remark.
note() { printf '%s\n' "$*" >&2; }

# fail CODE LINE…: says why, and ends the script with that code (the codes are those of sysexits.h).
fail() {
    local code=$1
    shift
    printf '%s\n' "$@" >&2
    exit "$code"
}

# Prints the comment at the top of a script and ends it.
usage() {
    sed -n '2,/^[^#]/{/^#/!q;s/^# \{0,1\}//;p}' "$1"
    exit 0
}
