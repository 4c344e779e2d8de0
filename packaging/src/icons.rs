//! The icon in every size and format that a system asks for, from the one drawing.

use crate::problem::PackagingError;
use resvg::{
    tiny_skia::{Pixmap, Transform},
    usvg::{Options, Tree},
};
use std::error::Error;

/// The drawing, which the console shows too.
pub(crate) const DRAWING: &[u8] = include_bytes!("../../server/assets/icon.svg");

/// The sizes that desktops of the hicolor theme look for.
pub(crate) const DESKTOP: [u32; 6] = [16, 32, 48, 64, 128, 256];

/// The sizes that Windows shows: in a list, on the taskbar, on the desktop, and the largest there is.
const WINDOWS: [u32; 4] = [16, 32, 48, 256];

/// The sizes that macOS shows, from a list to the Dock on a fine screen.
const MACOS: [u32; 6] = [16, 32, 128, 256, 512, 1024];

/// A square picture.
struct Picture {
    size: u32,
    /// Red, green, blue and alpha of each pixel, not multiplied.
    rgba: Vec<u8>,
    png: Vec<u8>,
}

type Drawn<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// The icon as a PNG of `size` by `size` pixels.
pub(crate) fn png(size: u32) -> Result<Vec<u8>, PackagingError> {
    draw(size).map(|picture| picture.png).map_err(PackagingError::of("an icon"))
}

/// The icon for Windows.
pub(crate) fn ico() -> Result<Vec<u8>, PackagingError> {
    let make = || -> Drawn<_> {
        let mut icons = ico::IconDir::new(ico::ResourceType::Icon);
        for size in WINDOWS {
            let Picture { size, rgba, .. } = draw(size)?;
            let image = ico::IconImage::from_rgba_data(size, size, rgba);
            icons.add_entry(ico::IconDirEntry::encode(&image)?);
        }
        let mut bytes = Vec::new();
        icons.write(&mut bytes)?;
        Ok(bytes)
    };
    make().map_err(PackagingError::of("the icon for Windows"))
}

/// The icon for macOS.
pub(crate) fn icns() -> Result<Vec<u8>, PackagingError> {
    let make = || -> Drawn<_> {
        let mut icons = icns::IconFamily::new();
        for size in MACOS {
            let Picture { size, rgba, .. } = draw(size)?;
            let image = icns::Image::from_data(icns::PixelFormat::RGBA, size, size, rgba)?;
            icons.add_icon(&image)?;
        }
        let mut bytes = Vec::new();
        icons.write(&mut bytes)?;
        Ok(bytes)
    };
    make().map_err(PackagingError::of("the icon for macOS"))
}

fn draw(size: u32) -> Drawn<Picture> {
    let drawing = Tree::from_data(DRAWING, &Options::default())?;
    let mut pixels = Pixmap::new(size, size).ok_or("no room for its pixels")?;
    let scale = size as f32 / drawing.size().width();
    resvg::render(&drawing, Transform::from_scale(scale, scale), &mut pixels.as_mut());
    let rgba = pixels.pixels().iter().flat_map(|pixel| {
        let color = pixel.demultiply();
        [color.red(), color.green(), color.blue(), color.alpha()]
    });
    Ok(Picture { size, rgba: rgba.collect(), png: pixels.encode_png()? })
}

#[cfg(test)]
mod test {
    use super::*;

    #[test]
    fn a_picture_has_its_size_a_clear_corner_and_the_colour_of_the_drawing() {
        let Picture { size, rgba, png } = draw(32).unwrap();
        assert_eq!(rgba.len(), (size * size * 4) as usize);
        assert_eq!(rgba[3], 0, "the corners are round");
        let at = |x: u32, y: u32| &rgba[((y * size + x) * 4) as usize..][..4];
        assert_eq!(at(4, 16), [0x0f, 0x6e, 0x84, 0xff]);
        assert!(png.starts_with(b"\x89PNG"));
    }

    #[test]
    fn each_system_gets_the_format_that_it_reads() {
        assert!(icns().unwrap().starts_with(b"icns"));
        let ico = ico().unwrap();
        assert_eq!(ico[..6], [0, 0, 1, 0, 4, 0], "an icon with four pictures");
    }
}
