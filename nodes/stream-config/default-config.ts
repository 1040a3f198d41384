/** The text of a newly made config.yaml. A test compares its values with the defaults of contracts/settings.ts. */
export const DEFAULT_CONFIG = `# yaml-language-server: $schema=config.schema.json
# StreamPulse: what is watched, and how. A change is live a second or two after this file is saved.
# Indent with spaces. \${NAME} in a value is read from the environment, so passwords need not stand here.

# How often each stream is checked, in seconds (2 to 3600).
heartbeat_seconds: 20

# The time zone of times in the status API, over MQTT and in exports: a name such as Europe/Berlin.
timezone: UTC

# true: the status API and MQTT say "fail" for every stream that is not fully up. v2.2 said "ok" for a camera that
# answers but refuses, such as with wrong credentials or a wrong path.
strict_status: false

# The name of this place, added to MQTT topics. Wanted where several StreamPulse share one broker.
# site: home

# The streams. Only name and url are needed. In a url, write special characters of a password as %XX (/ as %2F).
streams: []
# - name: Gate
#   url: rtsp://user:password@192.168.1.20:554/stream1
# - name: Yard
#   url: http://192.168.1.21/mjpg/video.mjpg
#   enabled: true            # false: keep it, but do not check it
#   group: outdoor           # to sort and filter by
#   tags: [north, parking]
#   heartbeat_seconds: 60    # these replace the settings of the same name for this stream
#   timeout_ms: 5000
#   level: handshake
#   picture_minutes: 10
#   confirm_failures: 3
#   transport: tcp           # tcp or udp: how an RTSP camera is to send its picture
#   tls_verify: false        # true: refuse a certificate that nobody trusts (rtsps, https)

# How streams are probed.
probe:
  # media: see that a picture arrives. handshake: see only that the stream is announced.
  level: media
  # How often a picture is waited for, in seconds; between, checks are handshakes. At least heartbeat_seconds, or 0 for
  # once only.
  media_seconds: 60
  # How often one picture is decoded to see whether it is black or frozen, in minutes (0: never). Needs ffmpeg.
  picture_minutes: 0
  # The longest that one probe may take, in milliseconds (500 to 60000). Unset: 3500 for a handshake, 10000 for a picture.
  # timeout_ms: 3500
  # How many checks in a row must be worse before a stream counts as worse (1 to 10).
  confirm_failures: 2
  # How many probes run at the same time: in all, and on one host as handshakes and as pictures.
  max_concurrent: 256
  max_handshakes_per_host: 16
  max_per_host: 2

# How many days single checks and hourly summaries are kept. Incidents are kept for ever.
retention:
  checks_days: 7
  rollup_days: 400

# Publishing to an MQTT broker.
mqtt:
  enabled: false
  host: localhost
  # The port that counts depends on use_tls and use_websocket.
  port: 1883
  ws_port: 8000
  tls_port: 8883
  tls_ws_port: 8884
  use_tls: false
  use_websocket: false
  # username: streampulse
  # password: \${MQTT_PASSWORD}
  # client_id: streampulse
  # With use_tls: true accepts any certificate; ca_file names the certificate of an authority of your own.
  tls_insecure: false
  # ca_file: /path/to/ca.pem
  # A certificate of our own and its key, for a broker that asks for one.
  # cert_file: /path/to/streampulse.pem
  # key_file: /path/to/streampulse.key
  # MQTT 3.1.1 is 4, MQTT 5 is 5.
  protocol_version: 4
  # Where the status of all streams is published as one JSON, every interval_seconds (at least 5).
  topic: streampulse/status
  qos: 0
  retain: false
  interval_seconds: 5
  # A topic for each stream, an event for each change, and online or offline as last will.
  per_stream: true
  # Let Home Assistant find the streams by itself.
  discovery: true
  # true: take commands over MQTT.
  commands: false
`;
