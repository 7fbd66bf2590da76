//! Whose relays are used: asked at the first start, before anybody is contacted, and written into the config.

use std::str::FromStr;

use chinwag_api::method::{ChooseRelays, RelayChoose};
use chinwag_daemon::{Relay, public_relays};

use crate::config;
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::node::Node;
use crate::output;
use crate::terminal::ask as terminal;

/// What can be chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Choice {
    /// None: devices meet on the same network, or where they can be reached.
    Lan,
    /// One's own, or that of somebody who is trusted.
    Own(Relay),
    /// Those of the iroh project.
    Public,
}

impl FromStr for Choice {
    type Err = String;

    fn from_str(typed: &str) -> Result<Self, String> {
        match typed.trim() {
            "" | "lan" => Ok(Self::Lan),
            "public" => Ok(Self::Public),
            own => own
                .parse()
                .map(Self::Own)
                .map_err(|error| format!("lan, public, or the address of a relay: {error}")),
        }
    }
}

impl Choice {
    /// Which ones these are.
    pub(crate) fn relays(&self) -> Vec<Relay> {
        match self {
            Self::Lan => Vec::new(),
            Self::Own(relay) => vec![relay.clone()],
            Self::Public => public_relays(),
        }
    }
}

/// What is asked, paragraph by paragraph.
pub(crate) fn question() -> Vec<String> {
    let hosts: Vec<String> = public_relays().iter().map(Relay::host).collect();
    vec![
        "Whose relay may be used where two devices have no direct way? A relay sees which devices talk, when, how \
         much, and from which addresses; never what is said."
            .to_owned(),
        "lan: nobody's. Devices meet on the same network, or where they can be reached.".to_owned(),
        "https://HOST: your own, or that of somebody you trust. They see it.".to_owned(),
        format!(
            "public: those of the iroh project, which number 0 runs: {}. They see it, and so may one day who records \
             the way there: its TLS is not post-quantum, as everything else is.",
            hosts.join(", ")
        ),
        "Nobody was contacted yet. The config keeps the answer (`relays`), and it can be changed there.".to_owned(),
    ]
}

/// Asks whoever sits at the terminal. `None`: it is said already.
pub(crate) async fn asked(context: &Context) -> Result<Option<Choice>, Failure> {
    if !context.asks_for_relays() {
        return Ok(None);
    }
    // Names of hosts stay whole.
    let folds = textwrap::Options::new(COLUMNS)
        .subsequent_indent("  ")
        .word_separator(textwrap::WordSeparator::AsciiSpace)
        .word_splitter(textwrap::WordSplitter::NoHyphenation);
    for paragraph in question() {
        output::remark(&textwrap::fill(&paragraph, &folds));
    }
    loop {
        let typed = terminal::question("lan, https://HOST or public? [lan] ").await?;
        let Some(typed) = typed else {
            return Err(Failure::saying(Exit::Usage, "whose relay may be used was not said"));
        };
        match typed.parse() {
            Ok(choice) => return Ok(Some(choice)),
            Err(why) => output::remark(&output::one_line(&why)),
        }
    }
}

/// Columns of the question.
const COLUMNS: usize = 80;

/// Has the config and the node know what was chosen. Nothing was: then there is no relay, which is said unless
/// the config said it before.
pub(crate) async fn settle(
    context: &Context,
    node: &Node,
    choice: Option<&Choice>,
) -> Result<(), Failure> {
    let Some(choice) = choice else {
        if context.asks_for_relays() {
            context.remark(
                "chinwag: lan: no relay is used unless `relays` in the config names one (`chinwag init --help`)",
            );
        }
        return Ok(());
    };
    let relays = choice.relays();
    keep(context, choice, &relays)?;
    if context.no_relay {
        return Ok(());
    }
    let relays = relays.iter().map(Relay::to_string).collect();
    node.call::<RelayChoose>(ChooseRelays { relays }).await?;
    Ok(())
}

/// Writes it into the config, unless that says the same already.
fn keep(context: &Context, choice: &Choice, relays: &[Relay]) -> Result<(), Failure> {
    let file = context.config_file.as_deref();
    if context.names_relays {
        let named: Vec<Relay> = context.in_file.relays.iter().map(|of| of.0.clone()).collect();
        if named == relays {
            return Ok(());
        }
        let failure = Failure::saying(Exit::Refused, "the config names other relays already");
        let path = file.map(|file| file.display().to_string()).unwrap_or_default();
        return Err(failure.hint(format!("leave --relay away, or change `relays` in {path}")));
    }
    let kept = match file {
        Some(file) => config::name_relays(file, relays),
        None => Err(Failure::saying(Exit::NotFound, "this system has no place for a config")
            .hint("name one with --config")),
    };
    match kept {
        // It is so anyway.
        Err(failure) if *choice == Choice::Lan => {
            context.remark(&output::one_line(&format!("chinwag: {}", failure.in_one_line())));
            Ok(())
        }
        kept => kept,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_is_typed_in_a_word_or_as_an_address_and_nothing_is_the_safest() {
        for (typed, choice) in
            [("", Choice::Lan), (" lan ", Choice::Lan), ("public", Choice::Public)]
        {
            assert_eq!(typed.parse(), Ok(choice));
        }
        let own = "https://relay.example:8443";
        assert_eq!(own.parse(), Ok(Choice::Own(own.parse().unwrap())));
        for wrong in ["own", "relay.example", "http://relay.example", "https://a b"] {
            let why = wrong.parse::<Choice>().unwrap_err();
            assert!(why.contains("https://HOST"), "{why}");
        }
    }

    #[test]
    fn the_question_names_every_host_that_public_would_contact() {
        let question = question().concat();
        for relay in Choice::Public.relays() {
            assert!(question.contains(&relay.host()), "{question}");
        }
        assert_eq!(Choice::Lan.relays(), []);
    }
}
