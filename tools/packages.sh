# What squall needs from the distribution, and how it gets there. Sourced by tools/quickstart and tests/run.
# Debian 12 and newer, Ubuntu 24.04 and newer. A row with '|' is met by any one of its packages; one that ends with '?' is left
# out where the distribution does not offer it.

packages_to_build=(
    gcc libc6-dev meson ninja-build 'pkg-config|pkgconf'
    liburing-dev libyaml-dev libjansson-dev 'libllhttp-dev|node-llhttp'
    libssl-dev libpcre2-dev zlib1g-dev libbrotli-dev libmicrohttpd-dev
)
packages_to_test=(
    libcmocka-dev python3 'nginx-light|nginx|nginx-core|nginx-full|nginx-extras'
    python3-django python3-djangorestframework gunicorn wrk curl nftables tmux man-db
    python3-yaml python3-jsonschema python3-markdown 'python3-locust?' 'chromium?'
)

package_is_installed() {
    [ "$(dpkg-query -W -f '${db:Status-Abbrev}' "$1" 2>/dev/null)" = 'ii ' ]
}

# Prints, one per line, the first name of each row that no installed package meets.
packages_missing() {
    local row name met
    for row in "$@"; do
        met=no
        for name in ${row//[|?]/ }; do
            if package_is_installed "$name"; then
                met=yes
            fi
        done
        if [ "$met" = no ]; then
            printf '%s\n' "$row"
        fi
    done
}

# The first package of a row that this distribution offers; when it offers none, the first of all, or nothing for '?'.
package_offered() {
    local name
    for name in ${1//[|?]/ }; do
        if apt-cache show "$name" >/dev/null 2>&1; then
            printf '%s\n' "$name"
            return
        fi
    done
    if [[ $1 != *\? ]]; then
        printf '%s\n' "${1%%|*}"
    fi
}

packages_offered() {
    local row
    for row in "$@"; do
        package_offered "$row"
    done
}

# Keeps packages that bring a service, such as nginx, from starting it while they are installed.
packages_hold_services() {
    if [ ! -e /usr/sbin/policy-rc.d ]; then
        printf '#!/bin/sh\nexit 101\n' | "$@" tee /usr/sbin/policy-rc.d >/dev/null
        "$@" chmod 755 /usr/sbin/policy-rc.d
        echo held
    fi
}

# Installs what is missing of the rows given and says so before. Touches nothing, and needs no network, when all is there.
packages_install() {
    local missing=() names=() as_root=() held status=0
    mapfile -t missing < <(packages_missing "$@")
    mapfile -t names < <(packages_offered "${missing[@]}")
    if [ "${#names[@]}" -eq 0 ]; then
        return 0
    fi
    if ! command -v apt-get >/dev/null; then
        echo "missing: ${missing[*]}; apt-get is not here, install them by hand" >&2
        return 1
    fi
    if [ "$(id -u)" -ne 0 ]; then
        if ! command -v sudo >/dev/null; then
            echo "missing: ${missing[*]}; neither root nor sudo, install them by hand" >&2
            return 1
        fi
        as_root=(sudo)
    fi
    as_root+=(env DEBIAN_FRONTEND=noninteractive)
    echo "== fetching the package lists"
    "${as_root[@]}" apt-get update || echo "the package lists could not all be fetched, going on with what is here"
    mapfile -t names < <(packages_offered "${missing[@]}")
    echo "== installing ${names[*]}"
    held=$(packages_hold_services "${as_root[@]}")
    "${as_root[@]}" apt-get install -y --no-install-recommends "${names[@]}" || status=$?
    if [ -n "$held" ]; then
        "${as_root[@]}" rm -f /usr/sbin/policy-rc.d
    fi
    return "$status"
}

# meson and its python come from the distribution, whatever else stands earlier in PATH.
meson_of_the_system() {
    if [ -x /usr/bin/meson ]; then
        PATH=/usr/sbin:/usr/bin:/sbin:/bin:$PATH /usr/bin/meson "$@"
    else
        meson "$@"
    fi
}
