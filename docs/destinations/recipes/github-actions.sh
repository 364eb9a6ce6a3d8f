#!/bin/sh
# GitHub Actions: a secret of a repository, which the next run of a workflow reads. It cannot be read back.
set -eu
repo=acme/billing name=TWILIO_AUTH_TOKEN
case $TANDEM_PHASE in
  deliver) which=.new ;;
  rollback) which=.old ;;
  *) exit 0 ;;
esac
token=$(jq -er "$which")
printf %s "$token" | gh secret set "$name" --repo "$repo"
# What an earlier run has deployed keeps the old token: gh workflow run deploy.yml --repo "$repo"
