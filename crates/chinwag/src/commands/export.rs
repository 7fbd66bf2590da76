//! `export`: a whole conversation, readable without us.
//!
//! The node gives pages from the newest to the oldest, and the oldest message is to come first. So
//! the borders of the pages are found first, and then each page is asked for again in the other
//! direction: never more than two pages are held.

use std::io::{self, BufWriter, Write};

use chinwag_api::method::{ConversationList, ListConversations, ListMessages, MessageList, Page};
use chinwag_api::model::Id;

use crate::args::messages::{Export, Form};
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::node::{Need, Node, with};
use crate::output::{self, Reader};
use crate::show::message;
use crate::show::time::Clock;
use chinwag_text::words;

/// Messages of one page: as many as the contract allows.
const PAGE: u32 = 1_000;

pub(super) async fn run(context: &Context, args: Export) -> Result<Exit, Failure> {
    with(context, Need::Account, async |node| {
        let newest = page(node, &args.name, None).await?;
        let mut borders = Vec::new();
        let mut count = newest.messages.len() as u64;
        let mut next = newest.next.clone();
        while let Some(before) = next {
            let older = page(node, &args.name, Some(before.clone())).await?;
            borders.push(before);
            count += older.messages.len() as u64;
            next = older.next;
        }
        let clock = context.clock();
        let mut to = Sink::open(&args)?;
        if args.format == Form::Markdown {
            let name = name(node, &args.name, &newest).await?;
            to.line(&message::markdown_heading(&name, count))?;
        }
        for before in borders.into_iter().rev() {
            if to.reader == Reader::Gone {
                return Ok(Exit::Done);
            }
            let older = page(node, &args.name, Some(before)).await?;
            write(&older, &args, &clock, &mut to)?;
        }
        write(&newest, &args, &clock, &mut to)?;
        if to.finish()? == Reader::Gone {
            return Ok(Exit::Done);
        }
        context.remark(&format!("chinwag: {}", words::MESSAGE.count(count)));
        Ok(Exit::Done)
    })
    .await
}

async fn page(node: &Node, name: &str, before: Option<Id>) -> Result<Page, Failure> {
    let conversation = name.to_owned();
    node.call::<MessageList>(ListMessages { conversation, limit: Some(PAGE), before, after: None })
        .await
}

/// What the conversation is called, if there is a message that says which one it is.
async fn name(node: &Node, typed: &str, page: &Page) -> Result<String, Failure> {
    let Some(first) = page.messages.first() else { return Ok(typed.to_owned()) };
    let all = node.call::<ConversationList>(ListConversations::default()).await?;
    let found = all.into_iter().find(|conversation| conversation.id == first.conversation);
    Ok(found.map_or_else(|| typed.to_owned(), |conversation| conversation.name))
}

fn write(page: &Page, args: &Export, clock: &Clock, to: &mut Sink) -> Result<(), Failure> {
    for message in &page.messages {
        let line = match args.format {
            Form::Markdown => message::markdown(message, clock),
            Form::Jsonl => {
                let raw = serde_json::to_value(message);
                output::json(&raw.map_err(|error| Failure::new(Exit::Internal, error))?)
            }
        };
        to.line(&line)?;
    }
    Ok(())
}

/// Where an export goes.
struct Sink {
    to: BufWriter<Box<dyn Write>>,
    /// Whether somebody reads it, as far as is known.
    reader: Reader,
}

impl Sink {
    fn open(args: &Export) -> Result<Self, Failure> {
        let to: Box<dyn Write> = match &args.output {
            None => Box::new(io::stdout()),
            Some(path) => Box::new(output::new_file(path)?),
        };
        Ok(Self { to: BufWriter::new(to), reader: Reader::There })
    }

    fn line(&mut self, line: &str) -> Result<(), Failure> {
        if self.reader == Reader::There {
            self.reader = output::written("", writeln!(self.to, "{line}"))?;
        }
        Ok(())
    }

    fn finish(mut self) -> Result<Reader, Failure> {
        if self.reader == Reader::Gone {
            return Ok(Reader::Gone);
        }
        output::written("", self.to.flush())
    }
}
