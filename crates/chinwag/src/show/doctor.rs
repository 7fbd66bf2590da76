//! What the doctor found, in words: one thing below the other, those that are wrong once more at the end.

use chinwag_api::model::{Examination, Finding, Verdict};

use super::NAME_SHOWN;
use super::message::Style;
use crate::output;

/// Columns before what is said: the verdict and the part, each with a gap.
const VERDICT_WIDTH: usize = 7;
const PART_WIDTH: usize = 15;

/// Columns of a line where standard output is no terminal.
const USUAL_COLUMNS: usize = 100;

/// Fewer columns than that are not folded into.
const NARROWEST: usize = 50;

/// Everything that was found.
pub(crate) fn examination(examination: &Examination, style: &Style) -> String {
    let mut lines: Vec<String> =
        examination.findings.iter().map(|found| finding(found, style)).collect();
    lines.push(String::new());
    lines.push(conclusion(examination));
    lines.join("\n")
}

fn conclusion(examination: &Examination) -> String {
    let is_wrong = |finding: &&Finding| finding.verdict == Verdict::Wrong;
    let wrong: Vec<&str> =
        examination.findings.iter().filter(is_wrong).map(|finding| part(&finding.part)).collect();
    let count = wrong.len();
    let mut parts = wrong;
    parts.dedup();
    match count {
        0 => "Nothing is wrong.".to_owned(),
        1 => format!("One thing is wrong: {}.", parts.join(", ")),
        all => format!("{all} things are wrong: {}.", parts.join(", ")),
    }
}

fn finding(finding: &Finding, style: &Style) -> String {
    let verdict = match finding.verdict {
        Verdict::Fine => "fine",
        Verdict::NotKnown => "?",
        Verdict::Notable => "note",
        Verdict::Wrong => "WRONG",
        Verdict::Unknown => "newer",
    };
    let verdict = format!("{verdict:<VERDICT_WIDTH$}");
    let verdict = match finding.verdict {
        Verdict::Wrong => style.paint.bold(&verdict),
        Verdict::Fine | Verdict::NotKnown => style.paint.dim(&verdict),
        _ => verdict,
    };
    let about = match (&finding.about, finding.part.as_str()) {
        (Some(who), "contact") => format!("{}: ", output::person(who, NAME_SHOWN)),
        (Some(about), _) => format!("{}: ", output::one_line(about)),
        (None, _) => String::new(),
    };
    let text = folded(&format!("{about}{}", output::one_line(&finding.text)), style);
    let mut shown = format!("{verdict}{:<PART_WIDTH$}{text}", part(&finding.part));
    if let Some(help) = &finding.help {
        let help = folded(&format!("→ {}", output::one_line(help)), style);
        shown = format!("{shown}\n{}{help}", indent());
    }
    shown
}

fn indent() -> String {
    " ".repeat(VERDICT_WIDTH + PART_WIDTH)
}

/// Below itself where it is longer than a line.
fn folded(text: &str, style: &Style) -> String {
    let columns = style.columns.unwrap_or(USUAL_COLUMNS).max(NARROWEST);
    let width = columns - VERDICT_WIDTH - PART_WIDTH;
    textwrap::wrap(text, width).join(&format!("\n{}", indent()))
}

/// What a part is called.
fn part(part: &str) -> &str {
    match part {
        "node" => "node",
        "store" => "store",
        "disk" => "disk",
        "permissions" => "permissions",
        "lock" => "lock",
        "clock" => "clock",
        "addresses" => "addresses",
        "udp" => "UDP",
        "mapping" => "NAT mapping",
        "filtering" => "NAT filtering",
        "hairpin" => "NAT hairpin",
        "relays" => "relays",
        "relay" => "relay",
        "localNetwork" => "local network",
        "contacts" => "contacts",
        "contact" => "contact",
        "problem" => "problem",
        _ => "of a newer kind",
    }
}

#[cfg(test)]
mod tests {
    use super::super::message::tests::style;
    use super::*;

    fn found(part: &str, verdict: Verdict, about: Option<&str>, help: Option<&str>) -> Finding {
        Finding {
            part: part.into(),
            about: about.map(str::to_owned),
            verdict,
            condition: "some".into(),
            text: "It is so.".into(),
            help: help.map(str::to_owned),
        }
    }

    fn of(findings: Vec<Finding>) -> String {
        let is_well = false;
        let (at, data_dir) = ("2026-11-26T11:00:00Z".into(), "/data".into());
        examination(&Examination { at, data_dir, is_well, findings }, &style())
    }

    #[test]
    fn what_is_wrong_has_its_help_below_it_and_is_named_at_the_end() {
        let relay = found("relay", Verdict::Wrong, Some("https://r\u{1b}"), Some("Do this."));
        let shown = of(vec![found("udp", Verdict::Fine, None, None), relay]);
        let lines: Vec<&str> = shown.lines().collect();
        assert_eq!(lines[0], "fine   UDP            It is so.");
        assert_eq!(lines[1], "WRONG  relay          https://r␛: It is so.");
        assert_eq!(lines[2], "                      → Do this.");
        assert_eq!(lines[4], "One thing is wrong: relay.");
    }

    #[test]
    fn where_nothing_is_wrong_that_is_said() {
        let shown = of(vec![found("filtering", Verdict::NotKnown, None, None)]);
        assert!(shown.starts_with("?      NAT filtering  It is so.\n"), "{shown}");
        assert!(shown.ends_with("Nothing is wrong."), "{shown}");
    }

    #[test]
    fn a_long_sentence_goes_on_below_itself() {
        let mut long = found("disk", Verdict::Notable, None, None);
        long.text = "word ".repeat(40);
        let shown = of(vec![long]);
        let second = shown.lines().nth(1).unwrap();
        assert!(second.starts_with(&format!("{}word", indent())), "{shown}");
    }
}
