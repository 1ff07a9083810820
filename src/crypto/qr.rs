//! Draws QR codes for authenticator apps. It knows nothing of what the text says.

use qrcode::QrCode;
use qrcode::render::svg;

/// Why a QR code could not be drawn.
#[derive(Debug, thiserror::Error)]
#[error("the text of {length} bytes does not fit into a QR code: {reason}")]
pub struct QrError {
    length: usize,
    reason: qrcode::types::QrError,
}

/// Smallest width and height of the drawing, in CSS pixels; it scales without loss.
const MIN_PIXELS: u32 = 240;

/// The text as a QR code: an `<svg>` element, black on white with a quiet zone of four modules, error
/// correction level M. It holds the text in readable form: treat it as the secret it shows.
///
/// # Errors
/// When the text is too long: level M takes at most 2331 bytes (ISO/IEC 18004).
pub fn qr_svg(uri: &str) -> Result<String, QrError> {
    let code = QrCode::new(uri).map_err(|reason| QrError { length: uri.len(), reason })?;
    let document = code.render::<svg::Color<'_>>().min_dimensions(MIN_PIXELS, MIN_PIXELS).build();
    // The XML declaration is not allowed where the drawing is put inline into HTML.
    let element = document.find("<svg").and_then(|start| document.get(start..)).unwrap_or(&document);
    Ok(element.to_owned())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

    use super::*;

    #[test]
    fn a_uri_becomes_one_svg_element() {
        let svg = qr_svg("otpauth://totp/Latchkey:ada%40example.com?secret=JBSWY3DPEHPK3PXP&issuer=Latchkey")
            .unwrap();
        assert!(svg.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\""));
        assert!(svg.ends_with("</svg>"));
        assert!(!svg.contains("<script") && !svg.contains("href"));
    }

    #[test]
    fn a_text_that_does_not_fit_is_an_error_that_does_not_repeat_it() {
        let error = qr_svg(&"secret".repeat(1000)).unwrap_err().to_string();
        assert!(error.contains("6000 bytes") && !error.contains("secret"), "{error}");
    }
}
