//! A QR code, as modules that are dark or light.

/// Light modules that readers want around a code (ISO/IEC 18004); most do with less.
pub const QUIET: usize = 4;

/// A QR code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Code {
    /// Modules of a row, and rows.
    pub size: usize,
    dark: Vec<bool>,
}

impl Code {
    /// The code of a ticket or a card, with the least error correction: it is the smallest, and a screen has
    /// no scratches. None: it is too long for any.
    pub fn of(line: &str) -> Option<Self> {
        // Capitals take less room, and a ticket is the same in them.
        let line = line.to_ascii_uppercase();
        let code = qrcode::QrCode::with_error_correction_level(line, qrcode::EcLevel::L).ok()?;
        let dark = code.to_colors().into_iter().map(|color| color == qrcode::Color::Dark).collect();
        Some(Self { size: code.width(), dark })
    }

    /// Whether a module is dark. What is outside of the code is light.
    pub fn is_dark(&self, column: isize, row: isize) -> bool {
        let within = |at: isize| usize::try_from(at).ok().filter(|at| *at < self.size);
        let (Some(column), Some(row)) = (within(column), within(row)) else { return false };
        self.dark.get(row * self.size + column).copied().unwrap_or(false)
    }
}
