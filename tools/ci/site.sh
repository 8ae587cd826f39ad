#!/usr/bin/env bash
# Builds the site (a link that leads nowhere fails it) as it would lie below a path of a host, and opens every page of it in a real headless
# Chromium, at two widths.
# SITE_SCREENSHOTS=FOLDER keeps pictures of the pages. The browser: see find-chromium.sh.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
source "$root/tools/ci/find-chromium.sh"
cd "$root/site"
npm ci --no-audit --no-fund >/dev/null
SITE_BASE=/promptweave/ SITE_VERSIONS=next=https://example.org/next/ npm run --silent build
node "$root/tools/ci/check-site.mjs" "$browser" "$root/site/dist" /promptweave/
