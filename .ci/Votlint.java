import java.nio.file.Files;
import java.nio.file.Path;

/** Runs votlint over many documents in one process. */
public class Votlint {
  public static void main(String[] files) throws Exception {
    for (String file : files) {
      String text = Files.readString(Path.of(file));
      boolean binary = text.contains("<BINARY2>");
      // STILTS 3.4 does not find the end of these in BINARY2, which its own reader does.
      if (binary && text.matches("(?s).*<FIELD [^>]*(xtype=\"polygon\"|datatype=\"(bit|floatComplex|doubleComplex)\" arraysize).*")) continue;
      System.out.println("== " + file);
      uk.ac.starlink.ttools.Stilts.main(new String[] {"votlint", "votable=" + file, "ucd=true", "unit=true"});
      System.out.flush();
    }
  }
}
