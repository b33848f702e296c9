# Sourced by the other scripts: makes sure that the compiler and the C libraries are there.

# The pkg-config name of each library, and the Debian package that has its headers.
system_libraries=(
    sqlite3:libsqlite3-dev libcrypto:libssl-dev libzstd:libzstd-dev libcurl:libcurl4-openssl-dev expat:libexpat1-dev
    libarchive:libarchive-dev zlib:zlib1g-dev
)

# What the tests run beside the program, and the Debian package that has it; python3.NAME is a module.
test_tools=(zstd:zstd bsdtar:libarchive-tools sqlite3:sqlite3 jq:jq openssl:openssl python3:python3 python3.ensurepip:python3-venv)

# Whether a command or a Python module is there.
has_tool() {
    case $1 in
    python3.*) python3 -c "import ${1#python3.}" 2>/dev/null ;;
    *) command -v "$1" >/dev/null ;;
    esac
}

# Prints the Debian packages that are missing, one a line. Arguments: tools that are wanted too, as TOOL:PACKAGE.
missing_packages() {
    local tool
    for tool in "$@"; do
        has_tool "${tool%%:*}" || echo "${tool#*:}"
    done
    if ! command -v pkg-config >/dev/null; then
        echo pkg-config
        printf '%s\n' "${system_libraries[@]#*:}"
        return
    fi
    local library
    for library in "${system_libraries[@]}"; do
        pkg-config --exists "${library%%:*}" || echo "${library#*:}"
    done
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

# Installs what is missing (arguments as above); touches nothing, and needs no network, when all is there.
install_dependencies() {
    if ! command -v swift >/dev/null; then
        echo "error: swift is not on the PATH" >&2
        echo "hint: install the Swift 6.3 toolchain, see https://www.swift.org/install/linux/" >&2
        return 1
    fi
    local packages
    mapfile -t packages < <(missing_packages "$@")
    [ "${#packages[@]}" -gt 0 ] || return 0
    if ! command -v apt-get >/dev/null; then
        echo "error: missing on this system: ${packages[*]}" >&2
        echo "hint: install these, or what your system calls them" >&2
        return 1
    fi
    echo "installing ${packages[*]}"
    as_root apt-get update -qq
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null
}
