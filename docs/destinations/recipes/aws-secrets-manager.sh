#!/bin/sh
# AWS Secrets Manager: two fields of a secret that is a JSON object, its others stay.
set -eu
id=prod/twilio
input=$(cat)
current=$(aws secretsmanager get-secret-value --secret-id "$id" --query SecretString --output text)
case $TANDEM_PHASE in
  deliver) change='.[1] + {auth_token: (.[0].new | strings), auth_token_alt: .[0].old}' ;;
  rollback) change='.[1] + {auth_token: (.[0].old | strings)} | del(.auth_token_alt)' ;;
  tidy) change='.[1] + {auth_token: (.[0].new | strings)} | del(.auth_token_alt)' ;;
  verify)
    printf '%s\n%s\n' "$input" "$current" | jq -es '.[1].auth_token == .[0].new' >/dev/null
    exit
    ;;
esac
next=$(printf '%s\n%s\n' "$input" "$current" | jq -ecs "$change")
printf %s "$next" | aws secretsmanager put-secret-value --secret-id "$id" --secret-string file:///dev/stdin >/dev/null
