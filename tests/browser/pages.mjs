// Every page of the dashboard, with runs of all kinds to show.

/** Has something to show on every page; the ids of what ran. */
export async function prepare(host) {
  const fire = async (name) => (await host.api("POST", `/schedules/${name}/fire`, {})).run;
  const ran = {};
  for (const name of ["by-hand", "flaky", "broken", "report", "chatter", "long-work"]) ran[name] = await fire(name);
  await host.api("POST", "/schedules/nightly-report/pause", { reason: "the source is away" });
  for (const name of ["by-hand", "flaky", "broken", "report", "chatter"]) await over(host, ran[name]);
  return ran;
}

/** Waits for the end of a run; the run. */
export async function over(host, id) {
  for (;;) {
    const run = await host.api("GET", `/runs/${id}`);
    if (!["ready", "running"].includes(run.state)) return run;
    await new Promise((soon) => setTimeout(soon, 100));
  }
}

/** Name and path of each. */
export const paths = (ran) => ({
  schedules: "/schedules",
  runs: "/runs",
  "runs-failed": "/runs?state=failed",
  run: `/runs/${ran.report}`,
  "run-retried": `/runs/${ran.flaky}`,
  "run-failed": `/runs/${ran.broken}`,
  "run-log": `/runs/${ran.chatter}`,
  why: "/why?schedule=greeting",
  "why-ahead": "/why?schedule=nightly-report&at=2030-01-01+02:30",
  plugins: "/plugins",
  plugin: "/plugins/fixture-artifacts",
  "plugin-granted": "/plugins/log-digest",
  hosts: "/hosts",
  log: `/runs/${ran.chatter}/log?level=warn`,
});
