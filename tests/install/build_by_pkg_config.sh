#!/bin/sh
# Builds the consumer with what pkg-config says alone, and runs it.
#   build_by_pkg_config.sh PKGCONFIG_DIR COMPILER OUTPUT_DIR [FLAG...]
set -eu
pkgconfig_dir=$1 compiler=$2 output=$3
shift 3
source=$(dirname "$0")/consumer/consumer.cpp
rm -rf "$output"
mkdir -p "$output"
export PKG_CONFIG_PATH="$pkgconfig_dir"
# shellcheck disable=SC2046 -- words are what pkg-config prints
"$compiler" -std=c++20 "$@" "$source" -o "$output/consumer" $(pkg-config --cflags --libs rollcall) -pthread
"$output/consumer" "$output/store"
# Whoever embeds rollcall without webhooks links no HTTP library.
if ldd "$output/consumer" | grep -q -E 'libcurl|libssl'; then
  echo "build_by_pkg_config.sh: the consumer links libcurl or OpenSSL" >&2
  exit 1
fi
