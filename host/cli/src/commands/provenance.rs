//! How a run came about, for people: what it was built for, what held while it ran, what it did outside.

use noontide_domain::duration;
use serde_json::Value;

use super::show::word;

/// Takes the provenance out of a run and of its attempts, and tells it in blocks of lines; nothing where there is none.
pub fn told(run: &mut Value) -> String {
    let mut blocks = Vec::new();
    for attempt in run["attempts"].as_array_mut().into_iter().flatten() {
        let heading = format!("provenance of attempt {}", word(attempt, "attempt"));
        blocks.extend(block(&heading, attempt));
        forget(attempt);
    }
    blocks.extend(block("provenance", run));
    forget(run);
    blocks.concat()
}

fn forget(attempt: &mut Value) {
    if let Some(fields) = attempt.as_object_mut() {
        fields.remove("provenance");
    }
}

fn block(heading: &str, attempt: &Value) -> Option<String> {
    let provenance = Some(&attempt["provenance"]).filter(|provenance| provenance.is_object())?;
    let (plugin, usage) = (&attempt["plugin"], &attempt["usage"]);
    let grant = provenance["grant_sha256"].as_str().unwrap_or("nothing was granted");
    let memory = usage["peak_memory_bytes"].as_u64().unwrap_or_default();
    let mut lines = vec![
        ("plugin", format!("{} {}", word(plugin, "name"), word(plugin, "version"))),
        ("sha256", word(plugin, "sha256")),
        ("contract", word(provenance, "contract")),
        ("limits", limits(&provenance["limits"])),
        ("grant", grant.to_owned()),
        ("cpu", format!("{} ms of {} ms", word(usage, "cpu_ms"), word(usage, "wall_ms"))),
        ("peak memory", duration::bytes(memory)),
    ];
    let effects = effects(&provenance["effects"]);
    lines.extend(effects.iter().enumerate().map(|(n, effect)| (if n == 0 { "effects" } else { "" }, effect.clone())));
    let lines: String = lines.iter().map(|(name, text)| format!("\n  {name:11}  {text}")).collect();
    Some(format!("\n\n{heading}{lines}"))
}

/// Those that are bytes by their names, with units.
fn limits(limits: &Value) -> String {
    let told = limits.as_object().into_iter().flatten().filter_map(|(name, value)| {
        let number = value.as_u64()?;
        Some(match name.as_str() {
            "timeout_ms" => format!("timeout {}", duration::words(std::time::Duration::from_millis(number))),
            "memory" | "artifact_size" | "artifact_total" | "output" | "state_size" | "http_response" => {
                format!("{} {}", name.replace('_', "-"), duration::bytes(number))
            }
            name => format!("{} {number}", name.replace('_', "-")),
        })
    });
    told.collect::<Vec<_>>().join(", ")
}

fn effects(effects: &Value) -> Vec<String> {
    let count = |value: &Value| match value.as_u64() {
        Some(1) | None => String::new(),
        Some(times) => format!(" ({times} times)"),
    };
    let of = |kind: &str| effects[kind].as_object().cloned().unwrap_or_default();
    let counted = |kind: &str, said: &str| -> Vec<String> {
        of(kind).iter().map(|(name, times)| format!("{said} {name}{}", count(times))).collect()
    };
    let mut told: Vec<_> = of("hosts").iter().map(|(origin, traffic)| called(origin, traffic)).collect();
    for (kind, said) in [
        ("secrets", "read the secret"),
        ("sql", "asked the database"),
        ("kv", "asked the Redis database"),
        ("state_read", "read the state entry"),
        ("state_written", "wrote the state entry"),
        ("outbox", "handed over a message to"),
    ] {
        told.extend(counted(kind, said));
    }
    if told.is_empty() {
        told.push("none".to_owned());
    }
    told
}

fn called(origin: &str, traffic: &Value) -> String {
    let number = |key: &str| traffic[key].as_u64().unwrap_or_default();
    let refused = match number("refused") {
        0 => String::new(),
        refused => format!(", {refused} refused"),
    };
    let bytes = |key: &str| duration::bytes(number(key));
    format!("called {origin}: {}{refused}, {} sent, {} received", number("calls"), bytes("sent"), bytes("received"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_run_tells_how_it_came_about_in_lines() {
        let mut run = json!({
            "plugin": { "name": "mail", "version": "1.2.3", "sha256": "ab" },
            "usage": { "wall_ms": 120, "cpu_ms": 20, "peak_memory_bytes": 2 << 20 },
            "attempts": [],
            "provenance": {
                "contract": "noontide:plugin@0.1.0",
                "limits": { "memory": 64 << 20, "timeout_ms": 30_000, "log_lines": 1_000 },
                "grant_sha256": null,
                "effects": {
                    "hosts": { "https://a.example:443": { "calls": 2, "refused": 1, "sent": 0, "received": 2048 } },
                    "secrets": { "PASSWORD": 1 },
                    "state_written": { "page": 3 },
                },
            },
        });
        let told = told(&mut run);
        assert!(run.get("provenance").is_none());
        let lines: Vec<_> = told.trim().lines().map(str::trim).collect();
        assert_eq!(
            lines,
            [
                "provenance",
                "plugin       mail 1.2.3",
                "sha256       ab",
                "contract     noontide:plugin@0.1.0",
                "limits       log-lines 1000, memory 64 MiB, timeout 30s",
                "grant        nothing was granted",
                "cpu          20 ms of 120 ms",
                "peak memory  2 MiB",
                "effects      called https://a.example:443: 2, 1 refused, 0 B sent, 2 KiB received",
                "read the secret PASSWORD",
                "wrote the state entry page (3 times)",
            ]
        );
    }
}
