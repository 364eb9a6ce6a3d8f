#!/bin/sh
# Doppler, which passes it on to what is synced with it.
set -eu
project=billing config=prd name=TWILIO_AUTH_TOKEN
input=$(cat)
case $TANDEM_PHASE in
  deliver) which=.new ;;
  rollback) which=.old ;;
  verify)
    stored=$(doppler secrets get "$name" --project "$project" --config "$config" --plain)
    token=$(printf %s "$input" | jq -er .new)
    [ "$stored" = "$token" ]
    exit
    ;;
  *) exit 0 ;;
esac
token=$(printf %s "$input" | jq -er "$which")
printf %s "$token" | doppler secrets set "$name" --project "$project" --config "$config" --no-interactive --silent
