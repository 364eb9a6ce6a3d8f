#!/bin/sh
# Vercel: a change reaches the next deployment alone, so one is made and waited for. Run it in the folder of a linked project.
set -eu
name=TWILIO_AUTH_TOKEN url=https://billing.example.com
case $TANDEM_PHASE in
  deliver) which=.new ;;
  rollback) which=.old ;;
  *) exit 0 ;;
esac
token=$(jq -er "$which")
printf %s "$token" | vercel env add "$name" production --force
vercel redeploy "$url" --target=production </dev/null
