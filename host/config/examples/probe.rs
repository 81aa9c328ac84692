#![allow(missing_docs, clippy::allow_attributes_without_reason, clippy::allow_attributes, clippy::unwrap_used)]
use noontide_config::*;
fn main() {
    let mut a = std::env::args().skip(1);
    let dir = a.next().unwrap();
    let t = std::time::Instant::now();
    let r = load(&LoadRequest { dir: dir.into(), env: a.next(), overrides: vec![], vars: std::env::vars().collect() });
    match r {
        Ok(l) => { println!("OK {} schedules faulty {:?}", l.config.schedules.len(), l.config.faulty); for p in &l.problems { println!("P {p}"); } if a.next().is_some() { for s in l.shown { println!("{} = {}   # {}", s.key, s.value, s.origin); } } }
        Err(e) => println!("REFUSED\n{}", &e.to_string().chars().take(3000).collect::<String>()),
    }
    eprintln!("{:?}", t.elapsed());
}
