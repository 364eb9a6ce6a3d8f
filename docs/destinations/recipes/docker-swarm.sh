#!/bin/sh
# Docker Swarm: secrets never change, so a new one takes the place of the old one and the service is updated. Names end in the token's fingerprint.
set -eu
service=billing target=twilio_auth_token
input=$(cat)
field() { printf %s "$input" | jq -er "$1"; }
new=${target}_$(field .new_fingerprint)
use() {
  docker secret inspect "$1" >/dev/null 2>&1 || {
    token=$(field "$2")
    printf %s "$token" | docker secret create "$1" - >/dev/null
  }
  mounted=$(docker service inspect --format '{{range .Spec.TaskTemplate.ContainerSpec.Secrets}}{{println .File.Name .SecretName}}{{end}}' "$service")
  had=$(printf '%s\n' "$mounted" | while read -r at name; do [ "$at" != "$target" ] || echo "$name"; done)
  [ "$had" = "$1" ] || docker service update ${had:+--secret-rm "$had"} --secret-add "source=$1,target=$target" "$service" </dev/null
}
case $TANDEM_PHASE in
  deliver) use "$new" .new ;;
  rollback)
    use "${target}_$(field .old_fingerprint)" .old
    docker secret rm "$new" >/dev/null 2>&1 || true
    ;;
  tidy) docker secret rm "${target}_$(field .old_fingerprint)" >/dev/null 2>&1 || true ;;
  verify)
    mounted=$(docker service inspect --format '{{range .Spec.TaskTemplate.ContainerSpec.Secrets}}{{println .File.Name .SecretName}}{{end}}' "$service")
    case "$mounted" in *"$target $new"*) ;; *) exit 1 ;; esac
    ;;
esac
