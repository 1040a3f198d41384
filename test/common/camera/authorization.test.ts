import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Authorizer, type Credentials } from "../../../common/camera/authorization";

const mufasa = { username: "Mufasa", password: "Circle of Life" };
const cnonce = () => "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ";

/** The header that answers these challenges; undefined when there is no answer. */
function authorize(
  challenges: string[],
  credentials: Credentials,
  method: string,
  uri: string,
  nonce?: () => string,
) {
  const authorizer = new Authorizer(credentials, nonce);
  return authorizer.accept(challenges) ? authorizer.header(method, uri) : undefined;
}

describe("Authorizer", () => {
  const challenge7616 = (algorithm: string) =>
    `Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=${algorithm}, ` +
    'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"';

  it("answers the MD5 example of RFC 7616 §3.9.1", () => {
    const header = authorize([challenge7616("MD5")], mufasa, "GET", "/dir/index.html", cnonce);
    assert.equal(
      header,
      'Digest username="Mufasa", realm="http-auth@example.org", nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", ' +
        'uri="/dir/index.html", response="8ca523f5e9506fed4657c9700eebdbec", algorithm=MD5, ' +
        'opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS", qop=auth, nc=00000001, ' +
        'cnonce="f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"',
    );
  });

  it("prefers SHA-256 to MD5, wherever it stands, as in RFC 7616 §3.9.1", () => {
    const header = authorize(
      [challenge7616("MD5"), challenge7616("SHA-256")],
      mufasa,
      "GET",
      "/dir/index.html",
      cnonce,
    );
    assert.match(
      header ?? "",
      /response="753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1", algorithm=SHA-256,/,
    );
  });

  it("answers without qop as RFC 2069, which most cameras use", () => {
    // H(H(Mufasa:testrealm@host.com:CircleOfLife):dcd98b7102dd2f0e8b11d0f600bfb0c093:H(GET:/dir/index.html))
    const header = authorize(
      ['Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093"'],
      { username: "Mufasa", password: "CircleOfLife" },
      "GET",
      "/dir/index.html",
    );
    assert.equal(
      header,
      'Digest username="Mufasa", realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", ' +
        'uri="/dir/index.html", response="1949323746fe6a43ef61f9606e7febea"',
    );
  });

  it("answers Basic with UTF-8, and only when there is no Digest that it knows", () => {
    const user = { username: "müller", password: "ä:b" };
    const basic = `Basic ${Buffer.from("müller:ä:b").toString("base64")}`;
    assert.equal(authorize(['Basic realm="cam"'], user, "DESCRIBE", "rtsp://h/"), basic);
    assert.equal(
      authorize(['Digest realm="x", nonce="n", algorithm=TOKEN', "Basic"], user, "DESCRIBE", "rtsp://h/"),
      basic,
    );
    assert.match(
      authorize(['Basic realm="cam"', 'Digest realm="cam", nonce="n"'], user, "GET", "/") ?? "",
      /^Digest /,
    );
  });

  it("finds several challenges in one header", () => {
    const header = authorize(
      ['Basic realm="a, b", Digest realm="cam", nonce="n", stale=FALSE'],
      mufasa,
      "GET",
      "/",
    );
    assert.match(header ?? "", /^Digest username="Mufasa", realm="cam", nonce="n"/);
  });

  it("has no answer to what it does not know", () => {
    assert.equal(authorize(["Negotiate", "NTLM TlRMTVNTUAACAAAA"], mufasa, "GET", "/"), undefined);
    assert.equal(authorize([], mufasa, "GET", "/"), undefined);
    assert.equal(authorize(['\u0000,,,="""= =,'], mufasa, "GET", "/"), undefined);
  });

  it("escapes quotes in names and realms", () => {
    const header = authorize(
      ['Digest realm="a\\"b", nonce="n"'],
      { username: 'o"n\\e', password: "" },
      "GET",
      "/",
    );
    assert.match(header ?? "", /username="o\\"n\\\\e", realm="a\\"b"/);
  });

  it("counts how often it uses a nonce, and begins anew with the next", () => {
    const authorizer = new Authorizer(mufasa);
    authorizer.accept(['Digest realm="cam", nonce="n", qop="auth"']);
    const counts = () => [1, 2].map(() => /nc=(\w+)/.exec(authorizer.header("GET", "/") ?? "")?.[1]);
    assert.deepEqual(counts(), ["00000001", "00000002"]);
    authorizer.accept(['Digest realm="cam", nonce="m", qop="auth"']);
    assert.deepEqual(counts(), ["00000001", "00000002"]);
  });
});
