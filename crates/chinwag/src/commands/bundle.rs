//! `bundle export`, `import` and `introduce`: messages in a file, without a network.

use std::fs::File;
use std::io::{self, IsTerminal, Read, Write};
use std::path::Path;

use chinwag_api::method::{
    BundleExport, BundleImport, BundleIntroduce, ImportBundle, Method, Nothing, OneContact,
};
use chinwag_api::model::{BundleFile, Imported};
use data_encoding::BASE64;

use super::{ask, understood};
use crate::args::Json;
use crate::args::messages::{
    BundleCommand, BundleExport as ExportArgs, BundleImport as ImportArgs,
    BundleIntroduce as IntroduceArgs,
};
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::node::{Need, with};
use crate::output;
use crate::terminal::input;
use chinwag_text::words;

/// Bytes of a bundle file: in base64 it fits in a line to the node.
const FILE_MAX: usize = chinwag_api::wire::LINE_MAX / 4 * 3 - 4 * 1_024;

pub(super) async fn run(context: &Context, command: BundleCommand) -> Result<Exit, Failure> {
    match command {
        BundleCommand::Export(args) => export(context, args).await,
        BundleCommand::Import(args) => import(context, args).await,
        BundleCommand::Introduce(args) => introduce(context, args).await,
    }
}

async fn export(context: &Context, args: ExportArgs) -> Result<Exit, Failure> {
    let params = OneContact { contact: args.name };
    let what_next = "the other side takes it in with `chinwag bundle import`";
    write::<BundleExport>(context, params, &args.file, args.json, |file| {
        format!("for {}; {what_next}", words::DEVICE.count(file.devices))
    })
    .await
}

async fn introduce(context: &Context, args: IntroduceArgs) -> Result<Exit, Failure> {
    let what_next = "whoever has your ticket takes it in with `chinwag bundle import`, and can then make \
                     bundles for you";
    write::<BundleIntroduce>(context, Nothing {}, &args.file, args.json, |_| what_next.to_owned())
        .await
}

/// Has a file made, and writes it where it is wanted.
async fn write<M: Method<Answer = BundleFile>>(
    context: &Context,
    params: M::Params,
    path: &Path,
    json: Json,
    described: impl FnOnce(&BundleFile) -> String,
) -> Result<Exit, Failure> {
    let is_pipe = path.as_os_str() == "-";
    if is_pipe && !json.json && io::stdout().is_terminal() {
        let failure = Failure::saying(Exit::Usage, "a bundle file is no text for a terminal");
        return Err(failure.hint("name a file, or send it into a pipe"));
    }
    with(context, Need::Account, async |node| {
        let raw = node.raw::<M>(params).await?;
        if json.json {
            output::say(&output::json(&raw))?;
        }
        let file = understood::<M>(raw)?;
        let decoded = BASE64.decode(file.base64.as_bytes());
        let bytes = decoded.map_err(|error| Failure::new(Exit::Internal, error))?;
        if !is_pipe {
            write_new(path, &bytes)?;
        } else if !json.json {
            output::written("", output::write(&bytes))?;
        }
        context.remark(&format!("chinwag: {} bytes, {}", bytes.len(), described(&file)));
        Ok(Exit::Done)
    })
    .await
}

fn write_new(path: &Path, content: &[u8]) -> Result<(), Failure> {
    let mut file = output::new_file(path)?;
    file.write_all(content).map_err(|error| output::not_written(path, error))
}

async fn import(context: &Context, args: ImportArgs) -> Result<Exit, Failure> {
    let bundle = read(&args.file)?;
    let params = ImportBundle { base64: BASE64.encode(&bundle) };
    ask::<BundleImport>(context, params, args.json, imported).await
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let too_long =
        || Failure::saying(Exit::Limit, format!("a bundle file has up to {FILE_MAX} bytes"));
    if path.as_os_str() == "-" {
        return input::bytes(FILE_MAX, too_long);
    }
    let fault = |error: io::Error| {
        let words = format!("can't read {}", path.display());
        let exit = match error.kind() {
            io::ErrorKind::NotFound => Exit::NotFound,
            _ => Exit::Usage,
        };
        Failure::new(exit, anyhow::Error::new(error).context(words))
    };
    let mut content = Vec::new();
    let file = File::open(path).map_err(fault)?;
    file.take(FILE_MAX as u64 + 1).read_to_end(&mut content).map_err(fault)?;
    if content.len() > FILE_MAX { Err(too_long()) } else { Ok(content) }
}

fn imported(imported: &Imported) -> String {
    if let Some(name) = &imported.introduced {
        let name = output::name(name, 40);
        return format!(
            "{name} is introduced: `chinwag bundle export --for` makes files for them."
        );
    }
    let taken = format!("{} taken in", words::BUNDLE.count(imported.bundles));
    match imported.for_others {
        0 => format!("{taken}."),
        n => format!("{taken}, {n} left alone: for other devices."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_brought_is_counted() {
        assert_eq!(imported(&Imported { bundles: 1, ..Imported::default() }), "1 bundle taken in.");
        let words = imported(&Imported { for_others: 2, ..Imported::default() });
        assert_eq!(words, "0 bundles taken in, 2 left alone: for other devices.");
    }
}
