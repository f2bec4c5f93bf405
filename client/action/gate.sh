#!/usr/bin/env bash
# One gate in a CI job. Inputs are GATE_… variables; the exit code is that of `evalyard gate`.
set -euo pipefail

if [ -z "${EVALYARD_TOKEN:-}" ]; then
  # Workflows of forks have no secrets: that is no regression.
  echo "::notice title=Evalyard::no token here, so nothing is compared"
  echo "No token here (a fork?), so nothing is compared." >> "${GITHUB_STEP_SUMMARY:-/dev/null}"
  echo "verdict=skipped" >> "${GITHUB_OUTPUT:-/dev/null}"
  exit 0
fi

if ! command -v evalyard >/dev/null; then
  python3 -m venv "${RUNNER_TEMP:-/tmp}/evalyard"
  "${RUNNER_TEMP:-/tmp}/evalyard/bin/pip" install --quiet --disable-pip-version-check "$GATE_PACKAGE"
  PATH="${RUNNER_TEMP:-/tmp}/evalyard/bin:$PATH"
fi

arguments=(gate --github --format md --inconclusive "${GATE_INCONCLUSIVE:-pass}")
[ -z "${GATE_BASELINE:-}" ] || arguments+=(--baseline "$GATE_BASELINE")
[ -z "${GATE_CONFIG:-}" ] || arguments+=(--config "$GATE_CONFIG")
[ -z "${GATE_WINDOW:-}" ] || arguments+=(--window "$GATE_WINDOW")
[ -z "${GATE_CONFIRM:-}" ] || arguments+=(--confirm "$GATE_CONFIRM")
while IFS= read -r filter; do
  [ -z "$filter" ] || arguments+=(--filter "$filter")
done <<< "${GATE_FILTERS:-}"

exec evalyard "${arguments[@]}"
