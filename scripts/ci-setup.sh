#!/usr/bin/env bash
# Installs the programs that only tests need, and only those that are missing: xmllint, Chromium, fonts with Cyrillic.
# Without rights to install, or without a package source, it says so and goes on: the tests that need them then say why
# they fail or skip.
set -euo pipefail
missing=()
command -v xmllint >/dev/null 2>&1 || missing+=(libxml2-utils)
command -v chromium >/dev/null 2>&1 || missing+=(chromium fonts-dejavu-core)
if [ "${#missing[@]}" -eq 0 ]; then
  echo "test programs: all present"
  exit 0
fi
if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null 2>&1; then
  echo "test programs missing: ${missing[*]}; install them as root or run the tests without" >&2
  exit 0
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq && apt-get install -y -qq --no-install-recommends "${missing[@]}" ||
  echo "could not install: ${missing[*]}" >&2
