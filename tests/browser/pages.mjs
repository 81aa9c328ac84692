// Every page of the dashboard, with something to show on each.

/** Has runs of all kinds, an incident, a token, a changed schedule; the ids of what there is. */
export async function prepare(host) {
  const fire = async (name) => (await host.api("POST", `/schedules/${name}/fire`, {})).run;
  const ran = {};
  for (const name of ["by-hand", "flaky", "broken", "report", "chatter", "long-work"]) ran[name] = await fire(name);
  await host.api("POST", "/schedules/nightly-report/pause", { reason: "the source is away" });
  const letter = { handler: "hello/greet", cron: "0 9 * * MON", timezone: "Europe/Berlin", input: { name: "team" } };
  await host.api("PUT", "/schedules/weekly-letter", letter);
  await host.api("PATCH", "/schedules/weekly-letter", { cron: "30 9 * * MON", input: { name: "everybody" } });
  await host.api("POST", "/tokens", { name: "ci", scope: "operate", reason: "the build" });
  const month = { from: new Date(Date.now() - 20 * 86_400_000).toISOString(), to: new Date().toISOString() };
  await host.api("POST", "/schedules/nightly-report/backfill", month);
  for (const name of ["by-hand", "flaky", "broken", "report", "chatter"]) await over(host, ran[name]);
  ran.incident = await host.until(async () => {
    const { items } = await host.api("GET", "/alerts/deliveries?sink=ops&state=sent");
    return items.at(-1)?.incident;
  });
  return ran;
}

/** Waits for the end of a run; the run. */
export function over(host, id) {
  return host.until(async () => {
    const run = await host.api("GET", `/runs/${id}`);
    return ["ready", "running"].includes(run.state) ? null : run;
  });
}

/** Name and path of each. */
export const paths = (ran) => ({
  now: "/",
  schedules: "/schedules",
  "schedules-paused": "/schedules?state=paused",
  schedule: "/schedules/greeting",
  "schedule-changed": "/schedules/weekly-letter",
  simulator: "/simulator",
  runs: "/runs",
  "runs-failed": "/runs?state=failed",
  run: `/runs/${ran.report}`,
  "run-retried": `/runs/${ran.flaky}`,
  "run-failed": `/runs/${ran.broken}`,
  "run-running": `/runs/${ran["long-work"]}`,
  "run-log": `/runs/${ran.chatter}`,
  log: `/runs/${ran.chatter}/log?level=warn`,
  why: "/why?schedule=greeting",
  "why-ahead": "/why?schedule=nightly-report&at=2030-01-01+02:30",
  plugins: "/plugins",
  plugin: "/plugins/fixture-artifacts",
  "plugin-granted": "/plugins/log-digest",
  hosts: "/hosts",
  alerts: "/alerts",
  incident: `/alerts/${ran.incident}`,
  tokens: "/tokens",
  audit: "/audit",
  login: "/login",
});
