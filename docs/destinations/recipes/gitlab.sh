#!/bin/sh
# GitLab CI: a variable of a project, which the next pipeline reads.
set -eu
repo=acme/billing name=TWILIO_AUTH_TOKEN
case $TANDEM_PHASE in
  deliver) which=.new ;;
  rollback) which=.old ;;
  *) exit 0 ;;
esac
token=$(jq -er "$which")
printf %s "$token" | glab variable update "$name" --repo "$repo" --masked
