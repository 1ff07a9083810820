//! Base 32 for alphabets and tolerances of our own choice. It knows bits and symbols, not what they mean.

use zeroize::Zeroizing;

/// Five bits a symbol, most significant first; the last symbol is filled up with zero bits.
pub(super) fn encode(alphabet: &[u8; 32], bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().saturating_mul(8).div_ceil(5));
    let mut push = |value: u32| text.extend(alphabet.get(value as usize & 31).map(|c| char::from(*c)));
    let (mut bits, mut held) = (0u32, 0u32);
    for byte in bytes {
        bits = (bits << 8) | u32::from(*byte);
        held += 8;
        while held >= 5 {
            held -= 5;
            push(bits >> held);
        }
    }
    if held > 0 {
        push(bits << (5 - held));
    }
    text
}

/// The whole bytes in a run of five-bit values. `None` when a symbol is unknown or the number of symbols fits
/// no number of bytes. Bits that are left over are ignored, whatever they are: other systems draw secrets
/// symbol by symbol, and authenticator apps read those.
pub(super) fn decode(values: impl Iterator<Item = Option<u8>>) -> Option<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(64));
    let (mut bits, mut held) = (0u32, 0u32);
    for value in values {
        bits = (bits << 5) | u32::from(value? & 31);
        held += 5;
        if held >= 8 {
            held -= 8;
            bytes.push(((bits >> held) & 0xff) as u8);
        }
    }
    (held < 5).then_some(bytes)
}
