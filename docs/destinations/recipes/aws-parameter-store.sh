#!/bin/sh
# AWS Systems Manager, Parameter Store: an encrypted parameter.
set -eu
name=/billing/TWILIO_AUTH_TOKEN
input=$(cat)
case $TANDEM_PHASE in
  deliver) which=.new ;;
  rollback) which=.old ;;
  verify)
    stored=$(aws ssm get-parameter --name "$name" --with-decryption --query Parameter.Value --output text)
    token=$(printf %s "$input" | jq -er .new)
    [ "$stored" = "$token" ]
    exit
    ;;
  *) exit 0 ;;
esac
token=$(printf %s "$input" | jq -er "$which")
printf %s "$token" | aws ssm put-parameter --name "$name" --type SecureString --overwrite --value file:///dev/stdin >/dev/null
