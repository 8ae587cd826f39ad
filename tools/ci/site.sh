#!/usr/bin/env bash
# Builds the site (a link that leads nowhere fails it) and opens every page of it in a real headless Chromium, at two widths.
# SITE_SCREENSHOTS=FOLDER keeps pictures of the pages. CHROMIUM names the browser; see chromium.sh.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
browser=${CHROMIUM:-$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)}
if [ -z "$browser" ] && command -v apt-get >/dev/null && [ "$(id -u)" -eq 0 ]; then
  { apt-get update -qq && apt-get install -qq -y --no-install-recommends chromium fonts-dejavu-core; } >/dev/null
  browser=$(command -v chromium)
fi
if [ -z "$browser" ]; then
  echo 'No Chromium here: install one, or name it in the variable CHROMIUM.' >&2
  exit 1
fi
cd "$root/site"
npm ci --no-audit --no-fund >/dev/null
npm run --silent build
node "$root/tools/ci/check-site.mjs" "$browser" "$root/site/dist"
