#!/bin/sh
# Builds a consumer with what pkg-config says alone, and runs it.
#   build_by_pkg_config.sh PKGCONFIG_DIR PACKAGE SOURCE OUTPUT_DIR COMPILER [FLAG...]
set -eu
pkgconfig_dir=$1 package=$2 source=$3 output=$4
shift 4
rm -rf "$output"
mkdir -p "$output"
export PKG_CONFIG_PATH="$pkgconfig_dir"
# shellcheck disable=SC2046 -- words are what pkg-config prints
"$@" "$source" -o "$output/consumer" $(pkg-config --cflags --libs "$package")
# A shared library is found where it was installed.
LD_LIBRARY_PATH="$(dirname "$pkgconfig_dir")" "$output/consumer" "$output/store"
# Nobody links an HTTP library: webhooks load one when they are sent.
if ldd "$output/consumer" | grep -q -E 'libcurl|libssl'; then
  echo "build_by_pkg_config.sh: the consumer links libcurl or OpenSSL" >&2
  exit 1
fi
