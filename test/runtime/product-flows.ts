/** Flows that stand in for the API: what they answer shows what of a request reaches a flow. */

const ECHO = `msg.payload = {
  access: msg.req.streampulseAccess ?? null,
  headers: msg.req.headers,
  rawHeaders: msg.req.rawHeaders,
  params: msg.req.params,
  environment: ["STREAMPULSE_ADMIN_PASSWORD", "STREAMPULSE_API_TOKEN"].map((name) => env.get(name) ?? null),
};
return msg;`;

function echo(id: string, method: string, url: string) {
  return [
    { id: `${id}-in`, type: "http in", z: "t", name: "", url, method, x: 0, y: 0, wires: [[`${id}-echo`]] },
    {
      id: `${id}-echo`,
      type: "function",
      z: "t",
      name: "",
      func: ECHO,
      outputs: 1,
      libs: [],
      x: 0,
      y: 0,
      wires: [[`${id}-out`]],
    },
    { id: `${id}-out`, type: "http response", z: "t", name: "", headers: {}, x: 0, y: 0, wires: [] },
  ];
}

export const productFlows = [
  { id: "t", type: "tab", label: "API", disabled: false, info: "" },
  ...echo("status", "get", "/api/status"),
  ...echo("stream", "get", "/api/streams/:name"),
  ...echo("save", "post", "/api/streams"),
  ...echo("preview", "get", "/preview/:name"),
  ...echo("page", "get", "/dashboard/page1"),
  // never answers, as a long preview
  {
    id: "slow",
    type: "http in",
    z: "t",
    name: "",
    url: "/snapshot/:name",
    method: "get",
    x: 0,
    y: 0,
    wires: [[]],
  },
  // takes the place of the dashboard's socket
  { id: "listener", type: "websocket-listener", path: "/dashboard/socket.io/", wholemsg: "false" },
  {
    id: "socket",
    type: "websocket in",
    z: "t",
    name: "",
    server: "listener",
    client: "",
    x: 0,
    y: 0,
    wires: [[]],
  },
];
