import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ZonedTime } from "../../common/zoned-time";

const shown = (timezone: string, time: string) => new ZonedTime(timezone).format(Date.parse(time));

describe("ZonedTime", () => {
  it("writes microseconds and the offset as v2.2 did", () => {
    assert.equal(shown("UTC", "2026-11-22T06:42:13.359Z"), "2026-11-22T06:42:13.359000+00:00");
    assert.equal(shown("Asia/Calcutta", "2026-11-22T06:42:13.359Z"), "2026-11-22T12:12:13.359000+05:30");
    assert.equal(shown("America/St_Johns", "2026-01-01T00:00:00.000Z"), "2025-12-31T20:30:00.000000-03:30");
    assert.equal(shown("Asia/Kathmandu", "2026-01-01T00:00:00.007Z"), "2026-01-01T05:45:00.007000+05:45");
  });

  it("is right to the millisecond where daylight saving begins and ends", () => {
    const berlin = new ZonedTime("Europe/Berlin");
    const at = (time: string) => berlin.format(Date.parse(time));
    assert.equal(at("2026-03-29T00:59:59.999Z"), "2026-03-29T01:59:59.999000+01:00");
    assert.equal(at("2026-03-29T01:00:00.000Z"), "2026-03-29T03:00:00.000000+02:00");
    assert.equal(at("2026-10-25T00:59:59.999Z"), "2026-10-25T02:59:59.999000+02:00");
    assert.equal(at("2026-10-25T01:00:00.000Z"), "2026-10-25T02:00:00.000000+01:00");
    // the other direction, with what was remembered
    assert.equal(at("2026-10-25T00:30:00.000Z"), "2026-10-25T02:30:00.000000+02:00");
  });

  it("knows changes of half an hour and ones that are not on an hour of UTC", () => {
    const lordHowe = new ZonedTime("Australia/Lord_Howe");
    const at = (time: string) => lordHowe.format(Date.parse(time));
    assert.equal(at("2026-04-04T14:59:59.999Z"), "2026-04-05T01:59:59.999000+11:00");
    assert.equal(at("2026-04-04T15:00:00.000Z"), "2026-04-05T01:30:00.000000+10:30");
    assert.equal(at("2026-10-03T15:30:00.000Z"), "2026-10-04T02:30:00.000000+11:00");
  });

  it("agrees with Intl at every hour of a year in several zones", () => {
    for (const timezone of ["America/New_York", "Africa/Casablanca", "Pacific/Chatham", "Asia/Tehran"]) {
      const zone = new ZonedTime(timezone);
      const plain = new Intl.DateTimeFormat("sv-SE", {
        timeZone: timezone,
        dateStyle: "short",
        timeStyle: "medium",
      });
      const from = Date.UTC(2026, 0, 1);
      for (let hour = 0; hour < 365 * 24; hour++) {
        const at = from + hour * 3_600_000;
        assert.equal(zone.format(at).slice(0, 19).replace("T", " "), plain.format(at));
      }
    }
  });

  it("shows times that no calendar has as the nearest that one has", () => {
    assert.equal(new ZonedTime("UTC").format(-5), "1970-01-01T00:00:00.000000+00:00");
    assert.match(new ZonedTime("UTC").format(Number.MAX_SAFE_INTEGER), /^9999-12-3\dT/);
    assert.match(new ZonedTime("Pacific/Kiritimati").format(Number.MAX_SAFE_INTEGER), /^9999-12-31T/);
  });
});
