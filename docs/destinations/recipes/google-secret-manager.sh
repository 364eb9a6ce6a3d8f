#!/bin/sh
# Google Secret Manager: a new version of a secret. Who reads "latest" sees it; who has pinned a version does not.
set -eu
name=twilio-auth-token
input=$(cat)
case $TANDEM_PHASE in
  deliver) which=.new ;;
  rollback) which=.old ;;
  verify)
    stored=$(gcloud secrets versions access latest --secret="$name")
    token=$(printf %s "$input" | jq -er .new)
    [ "$stored" = "$token" ]
    exit
    ;;
  *) exit 0 ;;
esac
token=$(printf %s "$input" | jq -er "$which")
printf %s "$token" | gcloud secrets versions add "$name" --data-file=-
