"""A real RTSP server (gst-rtsp-server) for tests: moving test picture, on a free loopback port, until its input ends."""

import argparse
import sys

import gi

gi.require_version("Gio", "2.0")
gi.require_version("Gst", "1.0")
gi.require_version("GstRtsp", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import Gio, GLib, Gst, GstRtsp, GstRtspServer  # noqa: E402

PIPELINES = {
    "h264": "x264enc tune=zerolatency speed-preset=ultrafast key-int-max=10 bitrate=200"
    " ! rtph264pay name=pay0 pt=96 config-interval=1",
    "h265": "x265enc tune=zerolatency speed-preset=ultrafast key-int-max=10 bitrate=200"
    " ! rtph265pay name=pay0 pt=96 config-interval=1",
    "mjpeg": "jpegenc ! rtpjpegpay name=pay0 pt=26",
}

parser = argparse.ArgumentParser()
parser.add_argument("--codec", choices=PIPELINES, default="h264")
parser.add_argument("--port", default="0", help="0: the system chooses")
parser.add_argument("--path", default="/live")
parser.add_argument("--user", help="with --password: only after digest authentication")
parser.add_argument("--password")
parser.add_argument("--certificate", help="PEM of certificate and key: the camera then speaks TLS alone")
options = parser.parse_args()

Gst.init(None)
server = GstRtspServer.RTSPServer.new()
server.set_address("127.0.0.1")
server.set_service(options.port)

factory = GstRtspServer.RTSPMediaFactory.new()
factory.set_launch(
    "( videotestsrc is-live=true pattern=ball ! video/x-raw,format=I420,width=320,height=240,framerate=10/1 ! "
    + PIPELINES[options.codec]
    + " )"
)
factory.set_shared(True)
auth = GstRtspServer.RTSPAuth()
if options.certificate:
    auth.set_tls_certificate(Gio.TlsCertificate.new_from_file(options.certificate))
    server.set_auth(auth)
if options.user:
    auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
    token = GstRtspServer.RTSPToken()
    token.set_string("media.factory.role", "viewer")
    auth.add_digest(options.user, options.password, token)
    server.set_auth(auth)
    permissions = GstRtspServer.RTSPPermissions()
    permissions.add_role("viewer")
    permissions.add_permission_for_role("viewer", "media.factory.access", True)
    permissions.add_permission_for_role("viewer", "media.factory.construct", True)
    factory.set_permissions(permissions)
server.get_mount_points().add_factory(options.path, factory)

if server.attach(None) == 0:
    sys.exit("cannot listen on 127.0.0.1:" + options.port)
loop = GLib.MainLoop()
# The test that started us has ended, however it did: nothing may be left behind.
GLib.io_add_watch(sys.stdin, GLib.PRIORITY_DEFAULT, GLib.IOCondition.HUP, lambda *_: loop.quit())
print("ready", server.get_bound_port(), flush=True)
loop.run()
