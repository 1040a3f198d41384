#!/bin/sh
# Starts the container's command as somebody who is not root, and who owns the data folder. What is missing in that
# folder the product makes itself.
set -eu

data=${STREAMPULSE_DATA:-/host}

if [ "$(id -u)" = 0 ]; then
  mkdir -p "$data"
  # A folder that Docker made belongs to root, and so do the files that v2.2 left there.
  owner=$(stat -c %u:%g "$data")
  if [ "${owner%%:*}" = 0 ]; then owner=$(id -u node):$(id -g node); fi
  find "$data" -xdev -user 0 -exec chown -h "$owner" {} + ||
    echo "streampulse: not all of $data can be handed over to user ${owner%%:*} (see above)" >&2
  exec setpriv --reuid="${owner%%:*}" --regid="${owner##*:}" --clear-groups --no-new-privs -- sh "$0" "$@"
fi

# The links in /app are those of v2.2. The database's companions must lie beside the file, not beside the link.
if [ -n "${DB_PATH:-}" ]; then DB_PATH=$(readlink -m "$DB_PATH"); fi
if [ -n "${CFG_PATH:-}" ]; then CFG_PATH=$(readlink -m "$CFG_PATH"); fi

# tini reaps what ffmpeg and flows leave behind, and hands signals on
exec tini -s -- "$@"
