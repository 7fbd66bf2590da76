//! What a typed line means. Pure: a line goes in, a wish comes out.
//!
//! A line that begins with a slash is a command, or a mistake, and never a message: what was meant
//! for this program must not end up with another person. `//` begins a message with one slash.

/// What somebody wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Wish {
    /// An empty line.
    Nothing,
    /// To say this.
    Say(String),
    /// To answer a message.
    Reply(Which, String),
    /// To change the words of a message.
    Edit(Which, String),
    /// To react to a message, or no longer.
    React {
        /// To which.
        to: Which,
        /// With what.
        emoji: String,
        /// Whether the reaction ends.
        remove: bool,
    },
    /// To take a message back.
    Retract(Which),
    /// To know where a message is; without: the last one of ours.
    Why(Option<Which>),
    /// To see so many messages of before.
    History(u32),
    /// To see the commands.
    Help,
    /// To leave.
    Quit,
    /// A mistake, and what to do instead.
    Wrong(String),
}

/// A message as it is named here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Which {
    /// By the number that stands before it.
    Number(usize),
    /// By its id, or the beginning of it.
    Id(String),
}

/// Messages that `/history` shows if it isn't told how many.
const HISTORY_USUAL: u32 = 20;

/// Messages that `/history` shows at most: a page of the local API.
const HISTORY_MAX: u32 = 1_000;

const NAMES: [&str; 8] =
    ["/reply", "/edit", "/react", "/retract", "/why", "/history", "/help", "/quit"];

/// What `/help` says.
pub(super) const HELP: &str = "  /reply N TEXT        answer message N
  /edit N TEXT         change the words of a message of yours
  /react N EMOJI       react to message N (/react N EMOJI --remove ends it)
  /retract N           have a message of yours deleted on both sides
  /why [N]             where message N is, or your last one, and what is in its way
  /history [COUNT]     messages of before
  /quit                leave; so do Ctrl-D, and Ctrl-C on an empty line
  //TEXT               say a text that begins with a slash
N is the number before a message, or its id.";

/// What a line means.
pub(super) fn parse(line: &str) -> Wish {
    if line.trim().is_empty() {
        return Wish::Nothing;
    }
    if line.starts_with("//") {
        return Wish::Say(line[1..].to_owned());
    }
    if !line.starts_with('/') {
        return Wish::Say(line.to_owned());
    }
    let (name, rest) = cut(line);
    command(name, rest).unwrap_or_else(Wish::Wrong)
}

fn command(name: &str, rest: &str) -> Result<Wish, String> {
    match name {
        "/reply" => which_and_text(rest, "/reply N TEXT").map(|(to, text)| Wish::Reply(to, text)),
        "/edit" => which_and_text(rest, "/edit N TEXT").map(|(to, text)| Wish::Edit(to, text)),
        "/react" => react(rest),
        "/retract" => only_which(rest)?.map(Wish::Retract).ok_or_else(|| usage("/retract N")),
        "/why" => Ok(Wish::Why(only_which(rest)?)),
        "/history" => history(rest),
        "/help" => Ok(Wish::Help),
        "/quit" => Ok(Wish::Quit),
        _ => Err(unknown(name)),
    }
}

fn react(rest: &str) -> Result<Wish, String> {
    const USAGE: &str = "/react N EMOJI [--remove]";
    let words: Vec<&str> = rest.split_whitespace().collect();
    let (to, emoji, remove) = match words[..] {
        [to, emoji] if emoji != "--remove" => (to, emoji, false),
        [to, emoji, "--remove"] | [to, "--remove", emoji] => (to, emoji, true),
        _ => return Err(usage(USAGE)),
    };
    Ok(Wish::React { to: which(to)?, emoji: emoji.to_owned(), remove })
}

fn history(rest: &str) -> Result<Wish, String> {
    if rest.is_empty() {
        return Ok(Wish::History(HISTORY_USUAL));
    }
    let count = rest.parse().ok().filter(|count| (1..=HISTORY_MAX).contains(count));
    count.map(Wish::History).ok_or_else(|| format!("COUNT is a number from 1 to {HISTORY_MAX}"))
}

fn which_and_text(rest: &str, form: &str) -> Result<(Which, String), String> {
    let (number, text) = cut(rest);
    if text.is_empty() {
        return Err(usage(form));
    }
    Ok((which(number)?, text.to_owned()))
}

fn only_which(rest: &str) -> Result<Option<Which>, String> {
    if rest.is_empty() { Ok(None) } else { which(rest).map(Some) }
}

fn which(word: &str) -> Result<Which, String> {
    let number = word.strip_prefix('#').unwrap_or(word);
    if let Ok(number) = number.parse() {
        return Ok(Which::Number(number));
    }
    if word.starts_with("msg_") && !word.contains(char::is_whitespace) {
        return Ok(Which::Id(word.to_owned()));
    }
    Err("a message is named by the number before it, like 3, or by its id".to_owned())
}

/// The first word, and the rest without the blanks around it.
fn cut(text: &str) -> (&str, &str) {
    let text = text.trim();
    text.split_once(char::is_whitespace).map_or((text, ""), |(first, rest)| (first, rest.trim()))
}

fn usage(form: &str) -> String {
    format!("it is {form}; nothing was done")
}

fn unknown(name: &str) -> String {
    let distance = |known: &&str| strsim::damerau_levenshtein(name, known);
    let nearest = NAMES.into_iter().min_by_key(distance).filter(|known| distance(known) <= 2);
    let suggestion = nearest.map(|known| format!(" Did you mean {known}?")).unwrap_or_default();
    let name = crate::output::short(name, 40);
    format!(
        "there is no command {name}.{suggestion} Nothing was sent: /help lists the commands, // begins \
             a text with a slash."
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_said_as_they_stand() {
        assert_eq!(parse("  hello  there "), Wish::Say("  hello  there ".into()));
        assert_eq!(parse("   "), Wish::Nothing);
        assert_eq!(parse("//quit is a command"), Wish::Say("/quit is a command".into()));
    }

    #[test]
    fn commands_name_messages_by_number_or_id() {
        assert_eq!(parse("/reply 3 yes  sir"), Wish::Reply(Which::Number(3), "yes  sir".into()));
        assert_eq!(parse("/edit #3 no"), Wish::Edit(Which::Number(3), "no".into()));
        assert_eq!(parse("/retract msg_ab"), Wish::Retract(Which::Id("msg_ab".into())));
        assert_eq!(parse("/why"), Wish::Why(None));
        assert_eq!(parse(" /why"), Wish::Say(" /why".into()), "a blank before it makes it words");
        assert_eq!(parse("/history"), Wish::History(HISTORY_USUAL));
        assert_eq!(parse("/history 3"), Wish::History(3));
        let react = |remove| Wish::React { to: Which::Number(1), emoji: "👍".into(), remove };
        assert_eq!(parse("/react 1 👍"), react(false));
        assert_eq!(parse("/react 1 👍 --remove"), react(true));
    }

    #[test]
    fn a_mistake_is_never_said_to_anybody() {
        let mistakes = [
            "/foo",
            "/",
            "/ ",
            "/quti",
            "/reply",
            "/reply 3",
            "/reply x y",
            "/edit",
            "/react 1",
            "/react",
            "/retract",
            "/retract x",
            "/history 0",
            "/history x",
            "/history 1001",
            "/Quit",
        ];
        for mistake in mistakes {
            assert!(matches!(parse(mistake), Wish::Wrong(_)), "{mistake}: {:?}", parse(mistake));
        }
    }

    #[test]
    fn a_near_miss_is_told_what_it_may_have_meant() {
        let Wish::Wrong(words) = parse("/quti") else { panic!() };
        assert!(words.contains("Did you mean /quit?"), "{words}");
    }
}
