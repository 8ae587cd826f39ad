# To be sourced: sets `browser` to a Chromium. The variable CHROMIUM names one; without it Debian's is taken, and installed where that is possible.
browser=${CHROMIUM:-$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)}
if [ -z "$browser" ] && command -v apt-get >/dev/null && [ "$(id -u)" -eq 0 ]; then
  { apt-get update -qq && apt-get install -qq -y --no-install-recommends chromium fonts-dejavu-core; } >/dev/null
  browser=$(command -v chromium)
fi
if [ -z "$browser" ]; then
  echo 'No Chromium here: install one, or name it in the variable CHROMIUM.' >&2
  exit 1
fi
