//! The Dockerfile: held to the rules of an image that is safe to run, and its last stage carried out step by step on this
//! machine, because that is what can be done without Docker. The stages before it build what `make host plugins` has built.

use std::path::Path;
use std::process::{Command, Stdio};

use super::support::fixtures::{repository, wasm};
use super::support::place::binary;

/// An instruction and what stands behind it, continued lines joined.
type Step = (String, String);

/// The stages, each with the words behind FROM.
fn stages() -> Vec<(String, Vec<Step>)> {
    let text = std::fs::read_to_string(repository().join("Dockerfile")).expect("the Dockerfile");
    let lines = text.lines().filter(|line| !line.trim_start().starts_with('#')).collect::<Vec<_>>().join("\n");
    let mut stages: Vec<(String, Vec<Step>)> = Vec::new();
    for line in lines.replace("\\\n", " ").lines().filter(|line| !line.trim().is_empty()) {
        let (word, rest) = line.trim().split_once(' ').unwrap_or_else(|| panic!("a step without words: {line}"));
        let rest = rest.split_whitespace().collect::<Vec<_>>().join(" ");
        match word {
            "FROM" => stages.push((rest, Vec::new())),
            _ => stages.last_mut().expect("FROM comes first").1.push((word.to_owned(), rest)),
        }
    }
    stages
}

/// What stands behind the one instruction of that name in the last stage.
fn only(steps: &[Step], word: &str) -> String {
    let found: Vec<_> = steps.iter().filter(|(is, _)| is == word).map(|(_, rest)| rest.clone()).collect();
    assert_eq!(found.len(), 1, "{word}: {found:?}");
    found[0].clone()
}

fn exec_form(text: &str) -> Vec<String> {
    serde_json::from_str(text).unwrap_or_else(|_| panic!("a list of strings is expected, no shell starts it: {text}"))
}

#[test]
fn the_image_runs_as_nobody_in_particular_from_fixed_bases_and_asks_itself_how_it_is() {
    let stages = stages();
    let names: Vec<_> = stages.iter().filter_map(|(from, _)| from.split_once(" AS ")).map(|(_, name)| name).collect();
    for (from, steps) in &stages {
        let base = from.split(' ').next().expect("a base");
        assert!(
            names.contains(&base) || base.contains(':') && !base.ends_with(":latest"),
            "FROM {base} names no version"
        );
        for (word, rest) in steps {
            assert_ne!(word, "ADD", "COPY says what happens");
            if rest.contains("apt-get install") {
                for wanted in ["apt-get update &&", "-y", "--no-install-recommends", "rm -rf /var/lib/apt/lists/*"] {
                    assert!(rest.contains(wanted), "{wanted}: {rest}");
                }
            }
            for stage in rest.split("--from=").skip(1).filter_map(|rest| rest.split(' ').next()) {
                assert!(names.contains(&stage), "COPY --from={stage}");
            }
        }
    }
    let (_, last) = stages.last().expect("a stage");
    let user = only(last, "USER");
    assert!(
        user.split(':').all(|id| id.parse::<u32>().is_ok_and(|id| id > 0)),
        "USER {user}: Kubernetes asks for a number"
    );
    assert_eq!(exec_form(&only(last, "ENTRYPOINT")), ["/usr/local/bin/noontide"]);
    assert_eq!(exec_form(&only(last, "CMD")), ["serve"]);
    assert_eq!(exec_form(&only(last, "VOLUME")), ["/data"]);
    assert_eq!(only(last, "STOPSIGNAL"), "SIGTERM");
    assert_eq!(exec_form(healthcheck(last).as_str()), ["/usr/local/bin/noontide", "healthcheck"]);
    assert!(only(last, "LABEL").contains("org.opencontainers.image.licenses="));
    let position = |word: &str| last.iter().rposition(|(is, _)| is == word).expect("a step");
    assert!(position("RUN") < position("USER") && position("COPY") < position("USER"), "what is made is root's");
}

fn healthcheck(steps: &[Step]) -> String {
    let text = only(steps, "HEALTHCHECK");
    text.split_once("CMD ").expect("a command").1.to_owned()
}

/// The last stage as a shell script. What it begins with is this machine's own system, seen through a layer of its own.
fn script(steps: &[Step]) -> String {
    let (mut script, mut env, mut user) = (String::from(BEGIN), Vec::new(), "0:0".to_owned());
    for (word, rest) in steps {
        match word.as_str() {
            "COPY" => {
                let words: Vec<_> = rest.split(' ').filter(|word| !word.starts_with("--")).collect();
                let (target, sources) = words.split_last().expect("a target");
                script += &format!("echo 'COPY {rest}'\nmkdir -p \"$(dirname \"$root{target}x\")\"\n");
                for source in sources {
                    script += &format!("cp -r {:?} \"$root{target}\"\n", built(source).display().to_string());
                }
            }
            "RUN" => script += &format!("echo 'RUN {rest}'\nchroot \"$root\" /bin/sh -euc '{rest}'\n"),
            "ENV" => env.extend(rest.split(' ').map(str::to_owned)),
            "USER" => user = rest.clone(),
            _ => {}
        }
    }
    let within = format!(
        "chroot --userspec={user} --groups= \"$root\" env -i NOONTIDE_TOKEN=0123456789abcdef {}",
        env.join(" ")
    );
    let all = [exec_form(&only(steps, "ENTRYPOINT")), exec_form(&only(steps, "CMD"))].concat().join(" ");
    let health = exec_form(&healthcheck(steps)).join(" ");
    let volume = exec_form(&only(steps, "VOLUME")).join(" ");
    let signal = only(steps, "STOPSIGNAL");
    let signal = signal.trim_start_matches("SIG");
    script
        + &END
            .replace("@volume@", &volume)
            .replace("@within@", &within)
            .replace("@serve@", &all)
            .replace("@health@", &health)
            .replace("@signal@", signal)
}

/// Where the thing is that an earlier stage would have made.
fn built(source: &str) -> std::path::PathBuf {
    match Path::new(source).file_name().and_then(|name| name.to_str()) {
        Some("noontide") => binary(),
        Some(name) if name.ends_with(".wasm") => wasm(name.trim_end_matches(".wasm")),
        _ => repository().join(source),
    }
}

const BEGIN: &str = "\
set -eu
root=$1/root
mkdir -p \"$root\" \"$1/upper\" \"$1/work\"
mount -t overlay overlay -o \"lowerdir=/,upperdir=$1/upper,workdir=$1/work\" \"$root\"
mount -t proc proc \"$root/proc\"
";

/// The volume is as Docker makes it: with the owner and mode that the folder has in the image.
const END: &str = "\
owner=$(stat -c 'uid=%u,gid=%g,mode=%a' \"$root@volume@\")
mount -t tmpfs -o \"$owner\" tmpfs \"$root@volume@\"
mount -o remount,ro \"$root\"
if @within@ /bin/touch /conf/x 2>/dev/null; then echo 'the root can be written'; exit 1; fi
@within@ @serve@ &
host=$!
tries=0
until @within@ @health@ 2>/dev/null; do
    kill -0 $host || exit 1
    tries=$((tries + 1))
    test $tries -lt 600 || { echo 'it is not healthy within a minute'; exit 1; }
    sleep 0.1
done
echo healthy
@within@ /usr/local/bin/noontide status
kill -@signal@ $host
wait $host
echo 'ended well'
";

#[test]
fn the_steps_of_the_image_make_a_host_that_serves_from_a_read_only_root_and_is_healthy() {
    let mut spaces = Command::new("unshare");
    spaces.args(["--mount", "--net", "--pid", "--fork"]);
    let may =
        Command::new("unshare").args(["--mount", "--net", "--pid", "--fork", "true"]).stderr(Stdio::null()).status();
    if !may.is_ok_and(|status| status.success()) {
        println!("skipped: this user may not make namespaces; run as root to have it tested");
        return;
    }
    let stages = stages();
    let (_, last) = stages.last().expect("a stage");
    let folder = tempfile::tempdir().expect("a folder");
    let script = script(last);
    let said = spaces.args(["sh", "-c", &script, "sh"]).arg(folder.path()).output().expect("a shell");
    let (out, err) = (String::from_utf8_lossy(&said.stdout), String::from_utf8_lossy(&said.stderr));
    assert!(
        said.status.success() && out.contains("healthy") && out.ends_with("ended well\n"),
        "{script}\n{out}\n{err}"
    );
}
