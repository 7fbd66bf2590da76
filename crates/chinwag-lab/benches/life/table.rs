//! Tables as they stand in `docs/performance.md`, and the figures in them.

use std::time::Duration;

/// Prints a table: a title, what its columns are called, and its rows.
pub(crate) fn print<const N: usize>(title: &str, head: [&str; N], rows: &[[String; N]]) {
    println!("\n**{title}**\n");
    let rows: Vec<Vec<&str>> =
        rows.iter().map(|row| row.iter().map(String::as_str).collect()).collect();
    let all = || std::iter::once(head.as_slice()).chain(rows.iter().map(Vec::as_slice));
    let widths: Vec<usize> = (0..N)
        .map(|column| all().map(|row| row[column].chars().count()).max().unwrap_or(0))
        .collect();
    line(&head, &widths);
    let rules = widths.iter().enumerate().map(|(column, width)| match column {
        0 => "-".repeat(*width),
        _ => format!("{}:", "-".repeat(width - 1)),
    });
    println!("| {} |", rules.collect::<Vec<_>>().join(" | "));
    for row in &rows {
        line(row, &widths);
    }
}

fn line(row: &[&str], widths: &[usize]) {
    let cells = row.iter().zip(widths).enumerate().map(|(column, (cell, width))| match column {
        0 => format!("{cell:<width$}"),
        _ => format!("{cell:>width$}"),
    });
    println!("| {} |", cells.collect::<Vec<_>>().join(" | "));
}

/// The value that so many hundredths of all are not above.
pub(crate) fn percentile(all: &[Duration], percent: usize) -> Duration {
    let mut all = all.to_vec();
    all.sort_unstable();
    all[(all.len() - 1) * percent / 100]
}

pub(crate) fn median(all: &[Duration]) -> Duration {
    percentile(all, 50)
}

/// Milliseconds.
pub(crate) fn ms(duration: Duration) -> String {
    let ms = duration.as_secs_f64() * 1_000.0;
    let digits = if ms < 1.0 {
        3
    } else if ms < 10.0 {
        2
    } else {
        0
    };
    format!("{ms:.digits$}")
}

/// Median, and in brackets the middle half.
pub(crate) fn spread(all: &[f64], digits: usize) -> String {
    let mut all = all.to_vec();
    all.sort_unstable_by(f64::total_cmp);
    let [low, middle, high] = [1, 2, 3].map(|quarter| all[(all.len() - 1) * quarter / 4]);
    format!("{middle:.digits$} ({low:.digits$}–{high:.digits$})")
}

/// Milliseconds: median, and in brackets the middle half.
pub(crate) fn spread_ms(all: &[Duration]) -> String {
    let ms: Vec<f64> = all.iter().map(|took| took.as_secs_f64() * 1_000.0).collect();
    spread(&ms, 0)
}

/// How many a second.
pub(crate) fn rate(count: usize, took: Duration) -> f64 {
    f64::from(u32::try_from(count).unwrap()) / took.as_secs_f64()
}
