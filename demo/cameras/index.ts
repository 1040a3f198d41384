export * from "./camera";
export * from "./dead-camera";
export * from "./flapping-camera";
export * from "./mjpeg-camera";
export * from "./rtsp-camera";
