#!/bin/sh
# sops: two keys of an encrypted file, encrypted anew by the rules of .sops.yaml. Comments of a YAML file are lost. Commit and roll out after it.
set -eu
file=secrets.yaml
input=$(cat)
plain=$(sops decrypt --output-type json "$file")
case $TANDEM_PHASE in
  deliver) change='.[1] + {twilio_auth_token: (.[0].new | strings), twilio_auth_token_alt: .[0].old}' ;;
  rollback) change='.[1] + {twilio_auth_token: (.[0].old | strings)} | del(.twilio_auth_token_alt)' ;;
  tidy) change='.[1] + {twilio_auth_token: (.[0].new | strings)} | del(.twilio_auth_token_alt)' ;;
  verify)
    printf '%s\n%s\n' "$input" "$plain" | jq -es '.[1].twilio_auth_token == .[0].new' >/dev/null
    exit
    ;;
esac
next=$(printf '%s\n%s\n' "$input" "$plain" | jq -es "$change")
printf '%s\n' "$next" | sops encrypt --filename-override "$file" --input-type json >"$file.next"
mv "$file.next" "$file"
