# shellcheck shell=bash
# What several scripts share. Source it first; it goes to the top of the work tree.

# shellcheck disable=SC2034  # Read by the scripts that source this file.
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root" || exit 1

say() { printf '==> %s\n' "$*"; }

die() {
  printf '%s: error: %s\n' "$(basename "$0")" "$*" >&2
  exit 1
}

# What programs of the build are started with.
launcher=()

# plain_address_space: sanitizers' shadow memory and a strongly randomised address space get in each
# other's way, so programs of the build are started without the latter, where the kernel allows it.
plain_address_space() {
  if setarch "$(uname -m)" --addr-no-randomize true 2>/dev/null; then
    launcher=(setarch "$(uname -m)" --addr-no-randomize)
  fi
}

# build PRESET: configures and builds build/PRESET, with as many jobs as there are processors.
build() {
  local log
  mkdir -p build
  log=build/configure-$1.log
  say "Building sluice (preset $1)"
  if ! cmake --preset "$1" >"$log" 2>&1; then
    cat "$log" >&2
    die "cmake could not configure the preset '$1'"
  fi
  "${launcher[@]}" cmake --build --preset "$1" --parallel "$(nproc)"
}

# cache_dir: where things that take long to make stay between runs.
cache_dir() { printf '%s/sluice\n' "${XDG_CACHE_HOME:-$HOME/.cache}"; }

# npm_install DIR: the packages of DIR's package-lock.json, unless they are there already.
npm_install() {
  cmp -s "$1/package-lock.json" "$1/node_modules/.installed-lock" && return
  say "Installing the npm packages of $1"
  (cd "$1" && npm ci --no-audit --no-fund --loglevel=error)
  cp "$1/package-lock.json" "$1/node_modules/.installed-lock"
}

# within LIMIT COMMAND...: ends COMMAND, and what it has started, after LIMIT. At a terminal, only COMMAND:
# else Ctrl-C would not reach it.
within() {
  local options=(--kill-after=10)
  [[ -t 0 ]] && options+=(--foreground)
  timeout "${options[@]}" "$@"
}

# tap_counts FILE STATUS: "passed failed skipped" from the report of a `node --test` that ended with STATUS.
tap_counts() {
  [[ -f $1 ]] || : >"$1"
  awk -v status="$2" '
    $1 == "#" && NF == 3 { last[$2] = $3 }
    END {
      failed = last["fail"] + last["cancelled"]
      if (status != 0 && failed == 0) failed = 1
      print last["pass"] + 0, failed, last["skipped"] + last["todo"]
    }' "$1"
}

# print_counts PASSED FAILED SKIPPED: the closing line of everything that runs tests.
print_counts() { printf '%d passed, %d failed, %d skipped\n' "$@"; }
