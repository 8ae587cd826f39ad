#!/usr/bin/env bash
# The tables of made-up studies, set by a real LaTeX: names with every sign that LaTeX takes for something else, nothing too wide to be set.
# LATEX_PAGES=FOLDER keeps the pages. Without a pdflatex Debian's is installed, where that is possible (48 MB).
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

if ! command -v pdflatex >/dev/null && command -v apt-get >/dev/null && [ "$(id -u)" -eq 0 ]; then
  { apt-get update -qq && apt-get install -qq -y --no-install-recommends texlive-latex-base texlive-latex-recommended; } >/dev/null
fi
if ! command -v pdflatex >/dev/null; then
  echo 'No pdflatex here: install TeX Live with booktabs.' >&2
  exit 1
fi

promptweave=("$(command -v node)" "$root/apps/cli/bin/promptweave.js")
node "$root/tools/ci/stub-study.mjs" "$folder/papers" 4 11 1 3
node "$root/tools/ci/stub-study.mjs" "$folder/one" 9 1 5 2
node "$root/tools/ci/stub-study.mjs" "$folder/other" 9 1 5 3
cd "$folder"
# Every sign that LaTeX takes for something else, in the names of methods.
grep -rl '"name":"CoOp"' one/cells | xargs sed -i 's/"name":"CoOp"/"name":"50% _a_ \& $b^~# {c} → d ± e−f · ü"/'
"${promptweave[@]}" report papers --format latex >papers.tex
"${promptweave[@]}" report one --format latex >one.tex
"${promptweave[@]}" report one other --format latex >pair.tex
! grep -n 'nobody' ./*.tex # no path stands in a table
cat >page.tex <<'TEX'
\documentclass{article}
\usepackage[utf8]{inputenc}
\usepackage{booktabs,graphicx}
\usepackage[paperwidth=44cm,paperheight=120cm,margin=1cm]{geometry}
\begin{document}
\input{papers}\input{one}\input{pair}
Tables~\ref{tab:stub} and \ref{tab:comparison}.
\end{document}
TEX
pdflatex -halt-on-error -interaction=nonstopmode page.tex >page.log 2>&1 || { tail -n 30 page.log; exit 1; }
if [ -n "${LATEX_PAGES:-}" ]; then mkdir -p "$LATEX_PAGES" && cp page.pdf ./*.tex "$LATEX_PAGES"; fi
echo 'LaTeX sets the tables.'
