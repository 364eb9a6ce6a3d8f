#!/bin/sh
# Heroku by its API, because heroku config:set takes values as arguments alone. The dynos restart. The log-in is that of ~/.netrc.
set -eu
app=acme-billing
input=$(cat)
ask() { curl -fsS --netrc -H 'Accept: application/vnd.heroku+json; version=3' -H 'Content-Type: application/json' "$@" "https://api.heroku.com/apps/$app/config-vars"; }
case $TANDEM_PHASE in
  deliver) change='{TWILIO_AUTH_TOKEN: (.new | strings), TWILIO_AUTH_TOKEN_ALT: .old}' ;;
  rollback) change='{TWILIO_AUTH_TOKEN: (.old | strings), TWILIO_AUTH_TOKEN_ALT: null}' ;;
  tidy) change='{TWILIO_AUTH_TOKEN_ALT: null}' ;;
  verify)
    stored=$(ask)
    printf '%s\n%s\n' "$input" "$stored" | jq -es '.[1].TWILIO_AUTH_TOKEN == .[0].new' >/dev/null
    exit
    ;;
esac
body=$(printf %s "$input" | jq -ec "$change")
printf %s "$body" | ask -X PATCH --data-binary @- >/dev/null
