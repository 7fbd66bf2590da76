//! Tables: columns aligned by the width that a terminal gives their characters.

use unicode_width::UnicodeWidthStr;

use super::Paint;

/// Columns between two columns.
const GAP: usize = 2;

/// Rows under headings.
#[derive(Debug)]
pub(crate) struct Table {
    headings: Vec<&'static str>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table without rows. What goes in is already safe to show.
    pub(crate) fn new(headings: &[&'static str]) -> Self {
        Self { headings: headings.to_vec(), rows: Vec::new() }
    }

    /// Adds a row: a cell for each heading.
    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// As text, the last column as wide as it likes. A column in which nothing stands is left out.
    pub(crate) fn text(&self, paint: Paint) -> String {
        let used: Vec<usize> = (0..self.headings.len())
            .filter(|&at| self.rows.iter().any(|row| has(row, at)))
            .collect();
        let widths: Vec<usize> = used.iter().map(|&at| self.width(at)).collect();
        let headings: Vec<&str> = used.iter().map(|&at| self.headings[at]).collect();
        let mut lines = vec![paint.dim(&line(&headings, &widths))];
        for row in &self.rows {
            let cells: Vec<&str> = used.iter().map(|&at| cell(row, at)).collect();
            lines.push(line(&cells, &widths));
        }
        lines.join("\n")
    }

    fn width(&self, at: usize) -> usize {
        let cells = self.rows.iter().map(|row| cell(row, at).width());
        cells.max().unwrap_or(0).max(self.headings[at].width())
    }
}

/// Names and what they are, below each other: `Name   Ana`.
pub(crate) fn facts(facts: &[(&str, String)], paint: Paint) -> String {
    let width = facts.iter().map(|(name, _)| name.width()).max().unwrap_or(0);
    let fact = |(name, value): &(&str, String)| {
        let padding = " ".repeat(width - name.width() + GAP);
        let value = value.replace('\n', &format!("\n{}", " ".repeat(width + GAP)));
        format!("{}{padding}{value}", paint.dim(name))
    };
    facts.iter().map(fact).collect::<Vec<_>>().join("\n")
}

fn cell(row: &[String], at: usize) -> &str {
    row.get(at).map_or("", String::as_str)
}

fn has(row: &[String], at: usize) -> bool {
    !cell(row, at).is_empty()
}

fn line(cells: &[&str], widths: &[usize]) -> String {
    let mut line = String::new();
    for (cell, width) in cells.iter().zip(widths) {
        line.push_str(cell);
        line.push_str(&" ".repeat(width.saturating_sub(cell.width()) + GAP));
    }
    line.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_by_what_a_terminal_shows() {
        let mut table = Table::new(&["NAME", "STATE"]);
        for [name, state] in [["Ana", "here"], ["日本", "away"], ["Zoë", ""]] {
            table.row([name.to_owned(), state.to_owned()]);
        }
        let expected = "NAME  STATE\nAna   here\n日本  away\nZoë";
        assert_eq!(table.text(Paint::default()), expected);
    }

    #[test]
    fn an_empty_column_is_left_out() {
        let mut table = Table::new(&["NAME", "NOTHING", "ID"]);
        table.row(["Ana".into(), String::new(), "x".into()]);
        assert_eq!(table.text(Paint::default()), "NAME  ID\nAna   x");
    }

    #[test]
    fn facts_stand_below_each_other_with_their_further_lines() {
        let shown = facts(&[("Name", "Ana".into()), ("Listens", "a\nb".into())], Paint::default());
        assert_eq!(shown, "Name     Ana\nListens  a\n         b");
    }
}
