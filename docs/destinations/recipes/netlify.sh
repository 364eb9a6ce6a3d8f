#!/bin/sh
# Netlify: a change reaches the next build alone, so one is started; it is not waited for. Run it in the folder of a linked project.
# Its import deletes a variable and makes it again, and its table shows the value, so that is thrown away.
set -eu
name=TWILIO_AUTH_TOKEN
case $TANDEM_PHASE in
  deliver) which=.new ;;
  rollback) which=.old ;;
  *) exit 0 ;;
esac
token=$(jq -er "$which")
printf '%s=%s\n' "$name" "$token" | netlify env:import /dev/stdin >/dev/null
netlify deploy --trigger --prod </dev/null
